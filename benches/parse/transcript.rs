//! Both sides of a control connection, for benches and tests.

/// Replies of a server while a client logs in, lists, downloads, uploads and leaves.
pub const REPLIES: &[u8] = b"220 ProFTPD Server (files.example.org) [::ffff:192.0.2.7]\r\n\
    331 Password required for alice\r\n\
    230 User alice logged in\r\n\
    215 UNIX Type: L8\r\n\
    211-Features:\r\n AUTH TLS\r\n CLNT\r\n EPRT\r\n EPSV\r\n HOST\r\n LANG en-US*\r\n MDTM\r\n MFF modify;UNIX.group;UNIX.mode;\r\n\
    \x20MFMT\r\n MLST modify*;perm*;size*;type*;unique*;UNIX.group*;UNIX.mode*;UNIX.owner*;\r\n PBSZ\r\n PROT\r\n REST STREAM\r\n\
    \x20SIZE\r\n TVFS\r\n UTF8\r\n211 End\r\n\
    200 UTF8 set to on\r\n\
    257 \"/\" is the current directory\r\n\
    200 Type set to I\r\n\
    229 Entering Extended Passive Mode (|||51234|)\r\n\
    150 Opening BINARY mode data connection for MLSD\r\n\
    226 Transfer complete\r\n\
    250 CWD command successful\r\n\
    213 104857600\r\n\
    213 20240131235959\r\n\
    227 Entering Passive Mode (192,0,2,7,200,34).\r\n\
    150 Opening BINARY mode data connection for release-1.2.3.tar.gz (104857600 bytes)\r\n\
    226 Transfer complete\r\n\
    350 Restarting at 52428800. Send STORE or RETRIEVE to initiate transfer\r\n\
    229 Entering Extended Passive Mode (|||51240|)\r\n\
    150 Opening BINARY mode data connection for release-1.2.3.tar.gz\r\n\
    226 Transfer complete\r\n\
    550 nothing-here.txt: No such file or directory\r\n\
    250-Start of list for release-1.2.3.tar.gz\r\n\
    \x20modify=20240131235959;perm=adfr;size=104857600;type=file;unique=FD01U2A; /pub/release-1.2.3.tar.gz\r\n250 End of list\r\n\
    350 File or directory exists, ready for destination name\r\n\
    250 Rename successful\r\n\
    257 \"/pub/new\" - Directory successfully created\r\n\
    250 DELE command successful\r\n\
    200 NOOP command successful\r\n\
    221 Goodbye.\r\n";

/// Commands of the client in the same dialogue.
pub const COMMANDS: &[u8] = b"USER alice\r\nPASS correct horse battery staple\r\nSYST\r\nFEAT\r\nOPTS UTF8 ON\r\nPWD\r\nTYPE I\r\nEPSV\r\n\
    MLSD\r\nCWD /pub\r\nSIZE release-1.2.3.tar.gz\r\nMDTM release-1.2.3.tar.gz\r\nPASV\r\nRETR release-1.2.3.tar.gz\r\n\
    EPSV\r\nREST 52428800\r\nRETR release-1.2.3.tar.gz\r\nPORT 192,0,2,9,200,35\r\nSTOR incoming/upload-2024-01-31.bin\r\n\
    SIZE nothing-here.txt\r\nMLST release-1.2.3.tar.gz\r\nRNFR upload-2024-01-31.bin\r\nRNTO upload.bin\r\nMKD new\r\n\
    DELE upload.bin\r\nNOOP\r\nQUIT\r\n";
