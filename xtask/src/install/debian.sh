# Installs packages whose services must neither start nor be enabled. Arguments: the packages, each named like its service if it has one.
# `--no-install-recommends` keeps it to what the servers need.
set -eu

# invoke-rc.d and deb-systemd-invoke ask this file whether a service may start: 101 means no (Debian policy 9.3.3).
policy=/usr/sbin/policy-rc.d
saved=/usr/sbin/policy-rc.d.before-forebay-lab
# postgresql-common reads this folder before it would create a cluster at the first installation.
cluster=/etc/postgresql-common/createcluster.d/forebay-lab.conf

restore() {
    rm -f "$policy" "$cluster"
    if [ -e "$saved" ]; then mv "$saved" "$policy"; fi
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        rmdir "${cluster%/*}" /etc/postgresql-common 2>/dev/null || true
    fi
}
trap restore EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# A policy of ours that a killed run left is not the system's.
if [ -e "$policy" ] && ! grep -q forebay-lab "$policy"; then mv "$policy" "$saved"; fi
printf '#!/bin/sh\n# forebay-lab: nothing starts during this installation.\nexit 101\n' >"$policy"
chmod 755 "$policy"
mkdir -p "${cluster%/*}"
printf 'create_main_cluster = false\n' >"$cluster"

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-remove --no-install-recommends --download-only "$@"
# From here on a signal would leave packages half installed: it waits until they are not.
trap '' HUP INT TERM
apt-get install --yes --no-remove --no-install-recommends "$@"

for service in "$@"; do
    # An extension of PostgreSQL has no service.
    if [ -e "/etc/init.d/$service" ]; then update-rc.d "$service" disable; fi
    # Its package brings another one, which writes a log.
    if [ "$service" = varnish ]; then update-rc.d varnishncsa disable; fi
done
