//! JSON:API resources, whose type decides about their fields: sections 7.2 and "Sparse Fieldsets" of its version 1.1.

use super::{
    Malformed,
    filter::FieldFilter,
    lex::unescaped,
    mask::{Of, select_type},
    state::{Fault, Mode},
    tree::Select,
};

/// The resource under way; they do not nest.
#[derive(Debug, Default)]
pub(super) struct Resource {
    /// What is selected of its fields, once its type is known.
    fields: Option<Select>,
    /// The key of the member that is being held, and what came of it.
    holding: Holding,
    held: Vec<u8>,
    /// Members that wait for the type, in their order.
    waiting: Vec<(Vec<u8>, Vec<u8>)>,
    waiting_bytes: usize,
}

#[derive(Debug, Default)]
enum Holding {
    #[default]
    Nothing,
    Type(Vec<u8>),
    Fields(Vec<u8>),
}

impl Resource {
    /// Begins the next resource.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// What a member of the resource is to the mask.
    pub(super) fn member(&mut self, key: &[u8], raw: &[u8]) -> Mode {
        match (key, self.fields) {
            (b"type", _) => self.holding = Holding::Type(raw.to_vec()),
            (b"attributes" | b"relationships", None) => self.holding = Holding::Fields(raw.to_vec()),
            (b"attributes" | b"relationships", Some(fields)) => return fields.into(),
            _ => return Mode::Copy,
        }
        Mode::Hold
    }

    /// Keeps a part of the member that is being held.
    pub(super) fn hold(&mut self, part: &[u8], bytes_max: usize) -> Result<(), Malformed> {
        if self.waiting_bytes + self.held.len() + part.len() > bytes_max {
            return Err(Malformed::ResourceTooLong(bytes_max));
        }
        self.held.extend_from_slice(part);
        Ok(())
    }
}

impl FieldFilter {
    /// A member that was held is whole.
    pub(super) fn held(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let value = std::mem::take(&mut self.resource.held);
        match std::mem::take(&mut self.resource.holding) {
            Holding::Nothing => Ok(()),
            Holding::Fields(key) => {
                self.resource.waiting_bytes += key.len() + value.len();
                self.resource.waiting.push((key, value));
                Ok(())
            }
            Holding::Type(key) => {
                let name = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
                let name = name.and_then(unescaped);
                // What has no type is no resource, and no mask is about it.
                self.resource.fields = Some(match (self.mask.about(), name) {
                    (Of::Resources(types), Some(name)) => select_type(types, &name),
                    _ => Select::Whole,
                });
                self.write_key(&key, out);
                out.extend_from_slice(&value);
                self.release(out)
            }
        }
    }

    /// Lets go of the members that waited for the type.
    pub(super) fn release(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let select = self.resource.fields.unwrap_or(Select::Whole);
        self.resource.waiting_bytes = 0;
        for (key, value) in std::mem::take(&mut self.resource.waiting) {
            self.write_key(&key, out);
            self.filter_held(select, &value, out)?;
        }
        Ok(())
    }
}
