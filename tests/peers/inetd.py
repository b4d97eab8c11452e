"""Starts PROGRAM for each connection to PORT of this machine, with the connection as its standard streams.

usage: inetd.py PORT PROGRAM [ARGUMENT...]
"""

import selectors
import signal
import socket
import subprocess
import sys

port, command = int(sys.argv[1]), sys.argv[2:]
# Children that have ended are waited for by the system.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
waiting = selectors.DefaultSelector()
for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    waiting.register(socket.create_server((address, port), family=family, backlog=64), selectors.EVENT_READ)
while True:
    for ready, _ in waiting.select():
        connection, _ = ready.fileobj.accept()
        with connection:
            subprocess.Popen(command, stdin=connection, stdout=connection, stderr=connection,
                             preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_DFL))
