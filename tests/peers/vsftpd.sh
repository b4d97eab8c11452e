#!/bin/bash
# vsftpd: no MLSD; NLST and LIST take a leading dash for options. A process an address: it listens at one. See server.sh.
. "$(dirname "$0")/server.sh"
configuration() { # LINES of what differs
    cat <<C
$1
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
idle_session_timeout=$idle
# Sandboxes of its own, which a container may not allow.
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
C
    # No limits. By default there are some, whatever the manual says: 50 clients from one address.
    [ -z "${BENCHMARK:-}" ] || printf '%s=0\n' max_clients max_per_ip
    [ -z "${FOREIGN_ADDRESSES:-}" ] || printf '%s_promiscuous=YES\n' port pasv
    [ "$mode" = plain ] || cat <<C
ssl_enable=YES
implicit_ssl=$([ "$mode" = implicit ] && echo YES || echo NO)
rsa_cert_file=$certificate
rsa_private_key_file=$key
ssl_tlsv1=YES
ssl_ciphers=HIGH
allow_anon_ssl=YES
force_local_logins_ssl=YES
force_local_data_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
strict_ssl_read_eof=YES
C
}
configuration $'listen=YES\nlisten_address=127.0.0.1' > "$work/ipv4.conf"
configuration $'listen_ipv6=YES\nlisten=NO\nlisten_address6=::1' > "$work/ipv6.conf"
begin "$sbin/vsftpd" "$work/ipv4.conf"
begin "$sbin/vsftpd" "$work/ipv6.conf"
serve
