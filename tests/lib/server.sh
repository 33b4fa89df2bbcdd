# SPDX-License-Identifier: ISC
#
# A stock Debian server to try things on: a root file system of its own, made by debootstrap from the machine's own mirror,
# with its own sshd on a loopback port. On top of e2e.sh, in the private world; states no test. The file system is made once,
# kept in build/rootfs as a tar, and unpacked anew for each test below /run, so that what a test does to it ends with it.
# Nothing in it is started but its sshd, which has no init above it.
#
#	sv_begin "$@"          before the first test: in a world of its own, the file system is there; SKIPs where there can be
#	                       no such server, or the mirror cannot be reached
#	sv_make                unpacks it to $SV; makes its user deploy; root lets in $HS_TMP/admin
#	sv_start [ARG...]      starts its sshd (on $HS_PORT), waits until it answers; its log is in $HS_TMP/sshd.log
#	sv CMD...              runs CMD in it, as root
#	sv_ssh USER [ARG...]   logs in as the admin's key, which only root lets in; `sv_ssh root CMD`
#	sv_manifest FILE       writes down all that /etc, /usr, /var/lib and /home hold: kind, mode, owner, contents
#	sv_listener            the pid of its sshd
#	sv_config              writes $HS_TMP/ssh_config, for ssh -F: web1.example.com is this server, and root there the admin

SV=$HS_ROOT/server

sv_codename_() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# The first Debian mirror that apt is told of, and only its host and path.
sv_mirror_() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed -n -e 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\/debian\/\{0,1\}\) .*/\2/p' -e 's/^URIs: *\([^ ]*\/debian\/\{0,1\}\)$/\1/p' | head -n 1
}

sv_needed_() {
	command -v debootstrap >/dev/null || hs_skip "debootstrap is not installed"
	[ "$(sed -n 's/^ID=//p' /etc/os-release)" = debian ] || hs_skip "what is built here is for another system than Debian's"
	[ "$(sv_mirror_)" ] || hs_skip "apt knows no mirror of Debian here"
}

# One at a time, whichever test comes first; half a file system is never taken for a whole one.
sv_tar_() {
	sv_dir_=$HS_SRC/build/rootfs sv_tar=$HS_SRC/build/rootfs/$(sv_codename_)-rsync.tar
	mkdir -p "$sv_dir_" || return 1
	(
		flock -w 400 9 || exit 1
		[ ! -s "$sv_tar" ] || exit 0
		d=$HS_ROOT/debootstrap
		mkdir "$d" && mount -t tmpfs -o mode=0755 tmpfs "$d" &&
			timeout 360 debootstrap --variant=minbase --include=openssh-server,rsync "$(sv_codename_)" "$d" "$(sv_mirror_)" </dev/null >"$HS_TMP/debootstrap.log" 2>&1 &&
			rm -rf "$d"/var/cache/apt/* "$d"/var/lib/apt/lists/* "$d"/usr/share/locale/* "$d"/usr/share/doc/* "$d"/usr/share/man/* "$d"/var/log/* &&
			tar -cf "$sv_tar.new" -C "$d" . && mv "$sv_tar.new" "$sv_tar" && chown --reference="$HS_SRC" "$sv_dir_" "$sv_dir_/lock" "$sv_tar" && umount "$d"
	) 9>"$sv_dir_/lock"
}

sv_begin() {
	sv_needed_
	hs_ns "$0" "$@"
	hs_init "$@"
	sv_tar_ && return
	tail -n 3 "$HS_TMP/debootstrap.log" | sed 's/^/# /'
	! grep -q -i -E 'retriev|resolv|download|connect|Release' "$HS_TMP/debootstrap.log" || hs_skip "the mirror of Debian cannot be reached"
	hs_fail_ "no Debian could be made"
}

sv_make() {
	mkdir "$SV" && mount -t tmpfs -o mode=0755 tmpfs "$SV" && tar -xpf "$sv_tar" -C "$SV" && mount -t proc proc "$SV/proc" && mount --rbind /dev "$SV/dev" &&
		mkdir -p "$SV/run/sshd" && sv_libraries_ && sv useradd -m -s /bin/sh deploy &&
		{ [ -f "$HS_TMP/admin" ] || ssh-keygen -q -t ed25519 -N '' -C admin -f "$HS_TMP/admin"; } &&
		mkdir -m 700 "$SV/root/.ssh" && cp "$HS_TMP/admin.pub" "$SV/root/.ssh/authorized_keys"
}

# With a sanitizer built in, what that loads besides.
sv_libraries_() {
	ldd "$HS_BIN/handseal-verify" | sed -n 's|.*=> \(/[^ ]*\) .*|\1|p' | grep -E '/lib(asan|ubsan|stdc..|gcc_s|m)\.so' | while read -r f; do
		[ -e "$SV/usr/lib/$(basename "$f")" ] || cp -L "$f" "$SV/usr/lib/" || exit 1
	done
}

sv() { chroot "$SV" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"; }

sv_start() {
	hs_syslog_start && HS_PORT=${HS_PORT:-$(hs_free_port)} || return 1
	hs_spawn sshd chroot "$SV" /usr/sbin/sshd -D -e -o "ListenAddress=127.0.0.1:$HS_PORT" "$@" &&
		hs_wait_for "grep -q '^Server listening' '$HS_TMP/sshd.log' || ! hs_alive sshd" 10 && hs_alive sshd || { cat "$HS_TMP/sshd.log" >&2 && return 1; }
	echo "[127.0.0.1]:$HS_PORT $(cut -d' ' -f1,2 "$SV/etc/ssh/ssh_host_ed25519_key.pub")" >"$HS_TMP/known_hosts"
}
sv_listener() { cat "$SV/run/sshd.pid"; }
sv_ssh() {
	sv_u_=$1
	shift
	ssh -F /dev/null -p "$HS_PORT" -i "$HS_TMP/admin" -o BatchMode=yes -o IdentitiesOnly=yes -o IdentityAgent=none -o LogLevel=ERROR \
		-o UserKnownHostsFile="$HS_TMP/known_hosts" -o GlobalKnownHostsFile=/dev/null -o ConnectTimeout=10 "$sv_u_@127.0.0.1" "$@" </dev/null
}
# Without the copies that useradd and userdel leave behind, which are the last state but one of the same files.
sv_manifest() {
	(cd "$SV" && find etc usr var/lib home root ! -path 'etc/*-' -printf '%p %y %m %U:%G %l\n' | sort && find etc usr/local usr/libexec var/lib home root -type f ! -path 'etc/*-' -exec sha256sum {} + | sort -k 2) >"$1"
}
sv_config() {
	cat >"$HS_TMP/ssh_config" <<-EOC
		Host web1.example.com
		    HostName 127.0.0.1
		    Port $HS_PORT
		    HostKeyAlias [127.0.0.1]:$HS_PORT
		    UserKnownHostsFile $HS_TMP/known_hosts
		    GlobalKnownHostsFile /dev/null
		    BatchMode yes
		Match user root
		    IdentityFile $HS_TMP/admin
		    IdentitiesOnly yes
	EOC
}
# sv_person: a security key, a daemon, and a session open for one command on this server; $at names it, `deploy CMD` logs in
sv_person() {
	at="-F $HS_TMP/ssh_config root@web1.example.com"
	sv_config && hs_softkey_start blue && hs_handseald_start && hs_softkey blue touch-next && handseal enroll --device "softkey:$HS_TMP/blue.sock" --name blue --owner "Anna Berg" >/dev/null &&
		hs_softkey blue touch-next && handseal open --user deploy --host web1.example.com --cmd "id -un" --ttl 1h >/dev/null && test "$(sv_ssh root id -un)" = root
}
deploy() {
	rm -f job job.pub job-cert.pub && handseal request --user deploy --host web1.example.com --cmd "id -un" -o job >out 2>err || { cat err && false; } &&
		ssh -F "$HS_TMP/ssh_config" -i job deploy@web1.example.com "$@" 2>err
}
sv_asked() { sv sshd -T | sed -n -e 's/^authorizedkeyscommand //p' -e 's/^authorizedkeyscommanduser /as /p' | tr '\n' ' ' | sed 's/ $//'; }
sv_reload() { kill -HUP "$(sv_listener)" && hs_wait_for 'sv_ssh root true' 10; }
