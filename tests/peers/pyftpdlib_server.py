"""Serves ROOT at PORT of this machine, by pyftpdlib, as the owner of ROOT.

usage: pyftpdlib_server.py PORT ROOT [CERTIFICATE KEY]

With a certificate, TLS is demanded for logins and for data.
"""

import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

port, root = int(sys.argv[1]), sys.argv[2]
accounts = DummyAuthorizer()
accounts.add_user("ftptest", "ftppass", root, perm="elradfmwMT")
accounts.add_anonymous(root)
handler = FTPHandler
if len(sys.argv) > 3:
    from pyftpdlib.handlers import TLS_FTPHandler

    handler = TLS_FTPHandler
    handler.certfile, handler.keyfile = sys.argv[3:5]
    handler.tls_control_required = handler.tls_data_required = True
    # Reads the key now: only root may.
    handler.get_ssl_context()
handler.authorizer = accounts
if os.environ.get("BENCHMARK"):
    handler.timeout = 3600
loop = None
for address in "127.0.0.1", "::1":
    server = FTPServer((address, port), handler, ioloop=loop)
    loop = server.ioloop
    if os.environ.get("BENCHMARK"):
        # Of all connections, those for data included; 512 without this.
        server.max_cons = 20000
owner = os.stat(root)
os.setgid(owner.st_gid)
os.setuid(owner.st_uid)
server.serve_forever()
