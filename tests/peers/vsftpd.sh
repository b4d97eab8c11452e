#!/bin/bash
# vsftpd: no MLSD; NLST and LIST take a leading dash for options. See server.sh.
. "$(dirname "$0")/server.sh"
cat > "$work/vsftpd.conf" <<C
listen=YES
listen_address=127.0.0.1
listen_port=$port
background=NO
anonymous_enable=YES
anon_root=$root
local_enable=YES
write_enable=YES
local_umask=022
file_open_mode=0644
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir=$work/empty
pam_service_name=vsftpd
port_enable=YES
connect_from_port_20=NO
pasv_enable=YES
mdtm_write=YES
force_dot_files=YES
ascii_upload_enable=YES
ascii_download_enable=YES
async_abor_enable=YES
xferlog_enable=NO
vsftpd_log_file=$work/log
idle_session_timeout=120
# Sandboxes of its own, which a container may not allow.
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
C
serve "$sbin/vsftpd" "$work/vsftpd.conf"
