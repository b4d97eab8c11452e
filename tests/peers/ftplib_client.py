#!/usr/bin/python3
"""One operation of Python's ftplib: ftplib_client.py HOST PORT [--active] [--tls AUTHORITY [--fresh]] OPERATION ARGUMENT...

With --tls by AUTH TLS, with a certificate that the AUTHORITY has signed, and with data connections that resume the session of
the control connection: --fresh leaves them as ftplib makes them, with sessions of their own.
"""
import ftplib
import os
import ssl
import sys

arguments = sys.argv[1:]
host, port = arguments.pop(0), int(arguments.pop(0))
active = arguments[0] == "--active" and bool(arguments.pop(0))
authority = arguments[0] == "--tls" and arguments.pop(0) and arguments.pop(0)
fresh = arguments[0] == "--fresh" and bool(arguments.pop(0))
operation, *arguments = arguments


class Traced(ftplib.FTP):
    def putcmd(self, line):
        print("> " + self.sanitize(line).strip("'\""), file=sys.stderr)
        super().putcmd(line)


class Resuming(ftplib.FTP_TLS):
    def ntransfercmd(self, cmd, rest=None):
        if fresh:
            return super().ntransfercmd(cmd, rest)
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session
        return self.context.wrap_socket(connection, server_hostname=self.host, session=session), size


class TracedTls(Traced, Resuming):
    pass


if authority:
    ftp = TracedTls(context=ssl.create_default_context(cafile=authority), encoding="utf-8", timeout=20)
else:
    ftp = Traced(encoding="utf-8", timeout=20)
ftp.connect(host, port)
ftp.login("ftptest", "ftppass")
if authority:
    ftp.prot_p()
ftp.set_pasv(not active)


def names(directory):
    ftp.cwd(directory or ".")
    lines = []
    ftp.dir(lines.append)
    found = [name for name in ftp.nlst() if name not in (".", "..")]
    for name in found:
        assert any(line.endswith(" " + name) for line in lines), f"LIST lacks {name}: {lines}"
    for name in found:
        print(name)


def facts(directory):
    for name, fact in ftp.mlsd(directory, ["type", "size", "modify"]):
        if fact["type"] not in ("cdir", "pdir"):
            assert fact["type"] == "dir" or int(fact["size"]) >= 0
            assert len(fact["modify"]) >= 14
            print(name)


def get(remote, local, resume=False):
    offset = os.path.getsize(local) if resume else None
    with open(local, "ab" if resume else "wb") as file:
        ftp.retrbinary("RETR " + remote, file.write, rest=offset)


def put(local, remote, resume=False):
    with open(local, "rb") as file:
        offset = None
        if resume:
            ftp.voidcmd("TYPE I")
            offset = ftp.size(remote)
            file.seek(offset)
        ftp.storbinary("STOR " + remote, file, rest=offset)


{
    "names": names,
    "facts": facts,
    "get": get,
    "put": put,
    "resume-get": lambda remote, local: get(remote, local, resume=True),
    "resume-put": lambda local, remote: put(local, remote, resume=True),
    "mkdir": ftp.mkd,
    "rmdir": ftp.rmd,
    "rename": ftp.rename,
    "delete": ftp.delete,
}[operation](*arguments)
ftp.quit()
