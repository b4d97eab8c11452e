#!/bin/bash
# pyftpdlib: MLSD; names are UTF-8, others are kept as Python keeps them. Debian's package has no TLS, which wants another one.
# With $BENCHMARK, the newer one from PyPI is taken if benches/peers/install.sh has installed it; that one has TLS, explicit only
# and without a rule that data connections resume a session. See server.sh.
. "$(dirname "$0")/server.sh"
python=/usr/bin/python3 venv=${sbin%/root/usr/sbin}/venv tls=()
if [ -n "${BENCHMARK:-}" ] && [ -x "$venv/bin/python" ]; then
    python=$venv/bin/python
    [ "$mode" != implicit ] || lacks
    [ "$mode" = plain ] || tls=("$certificate" "$key")
else
    [ "$mode" = plain ] || lacks
    export PYTHONPATH=${sbin%/sbin}/lib/python3/dist-packages
fi
begin "$python" "$(dirname "$0")/pyftpdlib_server.py" "$port" "$root" "${tls[@]}"
serve
