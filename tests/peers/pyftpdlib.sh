#!/bin/bash
# pyftpdlib: MLSD; names are UTF-8, others are kept as Python keeps them. No TLS here, which wants another package. See server.sh.
. "$(dirname "$0")/server.sh"
[ "$mode" = plain ] || lacks
export PYTHONPATH=${sbin%/sbin}/lib/python3/dist-packages
begin /usr/bin/python3 "$(dirname "$0")/pyftpdlib_server.py" "$port" "$root"
serve
