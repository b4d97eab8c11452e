"""Serves ROOT at PORT of this machine, by pyftpdlib, as the owner of ROOT.

usage: pyftpdlib_server.py PORT ROOT
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
FTPHandler.authorizer = accounts
if os.environ.get("BENCHMARK"):
    FTPHandler.timeout = 3600
loop = None
for address in "127.0.0.1", "::1":
    server = FTPServer((address, port), FTPHandler, ioloop=loop)
    loop = server.ioloop
    if os.environ.get("BENCHMARK"):
        # Of all connections, those for data included; 512 without this.
        server.max_cons = 20000
owner = os.stat(root)
os.setgid(owner.st_gid)
os.setuid(owner.st_uid)
server.serve_forever()
