//! Plans of a real server: every node type, both forms, every version that is supported (`cargo xtask matrix plan`).

mod cases;
mod database;
mod every_node_type_is_met;
mod figures_add_up;
mod text_reads_as_json_does;
mod transition_tables_are_read;
