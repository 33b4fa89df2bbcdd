# SPDX-License-Identifier: ISC
#
# What end-to-end tests and the demo share: a private world to run sshd in, starting and stopping
# programs, waiting with a deadline. Sourced by POSIX sh. It states no test of its own.
#
# A test reads:
#	#!/bin/sh
#	test_description='what this shows'
#	. "$(dirname "$0")/../lib/e2e.sh"
#	hs_ns "$0" "$@"         # only if it needs sshd, other users or root; else leave it out
#	hs_init "$@"            # loads sharness, makes $HS_TMP, sets the variables below
#	test_expect_success 'name' 'commands && commands'
#	hs_done                 # stops everything, tests that nothing is left, ends the TAP
# A script without sharness (the demo) sets HS_SRC first, calls hs_setup in place of hs_init, and hs_stop_all and
# hs_none_left at its end.
#
# The private world (hs_ns): new mount and PID namespaces, as root or through `sudo -n`; where
# that cannot be had the test prints `1..0 # SKIP why`. Nothing in it reaches the machine outside:
#	/run        a tmpfs with /run/sshd and $HS_ROOT
#	/dev        a tmpfs with null, random and the like: no hidraw, so no real key is ever asked;
#	            /dev/log is ours: what is logged stands in $HS_TMP/syslog (after hs_syslog_start)
#	/etc/passwd, group, shadow   with users deploy (4001) and other (4002), shell /bin/sh
#	/var/log    a tmpfs: sshd writes down who logged in with a terminal
#	$HS_LIBEXEC covered by a tmpfs that holds our helpers at the path compiled into the programs
# When the test's shell ends, the kernel ends all processes in it and drops all mounts.
#
# Variables: HS_SRC source tree, HS_BUILD build folder, HS_TMP scratch folder (short, no spaces;
# in the private world below /run, root's, 0755), HS_BIN, HS_LIBEXEC where the programs are,
# HS_SERVER the folder for --config (roots, verify.conf), HS_SSHD the sshd program, HS_PORT its
# port, HS_SSH_OPTS ssh's options, HANDSEAL_SOCK, HS_HOME_deploy, HS_HOME_other.
# XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR lie in $HS_TMP. Logs are $HS_TMP/NAME.log; when
# a test fails, they are copied to $HS_BUILD/e2e-logs/TEST/.
#
# Functions, each 0 on success:
#	hs_skip WHY                 ends the whole test as skipped
#	hs_wait_for 'CONDITION' S   evaluates CONDITION until true; where S seconds would do on a machine
#	                            that is not busy, so at most three times as long
#	hs_spawn NAME CMD...        starts CMD in the background, output to $HS_TMP/NAME.log
#	hs_pid NAME, hs_alive NAME  its pid; is it running
#	hs_wait NAME S              waits as long for it to end by itself; its exit status in HS_STATUS
#	hs_stop NAME [SIGNAL]       stops it (TERM; KILL when that does not, a failure), HS_STATUS
#	hs_stop_all, hs_none_left   stop what was started; are there any other processes
#	hs_softkey_start NAME [OPTION...]   sockets $HS_TMP/NAME.sock and .ctl, state NAME.state
#	hs_softkey NAME WORD...     a command for it, for example: hs_softkey blue touch
#	hs_handseald_start [ARG...] on $HS_TMP/run/handseal/agent.sock, exported as HANDSEAL_SOCK
#	hs_sshd_start [LINE...]     on a free loopback port; LINEs go in front of its configuration;
#	                            AuthorizedKeysCommand is handseal-verify (run as $HS_AKC_USER,
#	                            nobody), plain keys in ~/.ssh/authorized_keys work beside it;
#	                            log: $HS_TMP/sshd.log
#	hs_ssh ARG...               ssh with our options: hs_ssh -i KEY deploy@127.0.0.1 id -un
#	hs_as USER CMD...           runs CMD as deploy, other or nobody
#	hs_syslog_start             /dev/log into $HS_TMP/syslog (hs_sshd_start does it too)
#	hs_free_port                prints a free loopback TCP port

HS_SRC=${HS_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
HS_BUILD=${HS_BUILD:-$HS_SRC/build}
HS_LIBEXECDIR=${HS_LIBEXECDIR:-/usr/local/libexec}
HS_ROOT=/run/handseal-test
HS_SPAWNED=
PATH=$PATH:/usr/sbin:/sbin
export HS_SRC HS_BUILD HS_LIBEXECDIR PATH

hs_skip() {
	echo "1..0 # SKIP $*"
	EXIT_OK=t
	trap - EXIT
	exit 0
}

# ---- the private world

hs_ns() {
	if [ "${HS_OUTER_NS:-}" ] && [ $$ = 1 ] &&
		[ "$HS_OUTER_NS" != "$(readlink /proc/self/ns/mnt)" ]; then
		hs_world_
		return
	fi
	hs_root_=
	if [ "$(id -u)" != 0 ]; then
		sudo -n true 2>/dev/null || hs_skip "needs root, or sudo without a password"
		hs_root_='sudo -n'
	fi
	set -- env HS_OUTER_NS="$(readlink /proc/self/ns/mnt)" HS_SRC="$HS_SRC" \
		HS_BUILD="$HS_BUILD" HS_LIBEXECDIR="$HS_LIBEXECDIR" "PATH=$PATH" \
		${HARNESS_ACTIVE:+HARNESS_ACTIVE=1} ${HS_SEED:+"HS_SEED=$HS_SEED"} ${HS_MARK:+"HS_MARK=$HS_MARK"} \
		${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"} "$@"
	hs_unshare_='unshare --mount --propagation unchanged --pid --fork'
	$hs_root_ $hs_unshare_ true 2>/dev/null ||
		hs_skip "a private mount and PID namespace is not permitted here"
	exec $hs_root_ $hs_unshare_ --kill-child "$@"
}

# Makes a world of our own out of the fresh namespaces. Until propagation is off nothing is mounted:
# in a chroot "/" is no mount point, and only the namespace's own root can be told; nsenter looks
# at it from there, for that one command.
hs_world_() {
	mount --make-rprivate / 2>/dev/null ||
		nsenter --mount=/proc/self/ns/mnt mount --make-rprivate / 2>/dev/null ||
		hs_skip "mounts cannot be made private here"
	umask 022
	{ mount -t proc proc /proc && mount -t tmpfs -o mode=0755,nosuid tmpfs /run; } 2>/dev/null ||
		hs_skip "mounting is not permitted here"
	mkdir -p /run/sshd "$HS_ROOT/bin" "$HS_ROOT/etc/handseal" "$HS_ROOT/home" "$HS_ROOT/tmp" &&
		hs_users_ && hs_dev_ && hs_logins_ && hs_cover_ "$HS_LIBEXECDIR" && hs_programs_ ||
		hs_fail_ "the private world could not be made"
}

hs_fail_() {
	echo "Bail out! $*"
	EXIT_OK=t
	exit 1
}

hs_users_() {
	for f in passwd group shadow; do
		[ -f /etc/$f ] || continue
		grep -v -E '^(deploy|other):' /etc/$f >$HS_ROOT/etc/$f
	done
	chmod 640 $HS_ROOT/etc/shadow
	for u in deploy:4001 other:4002; do
		n=${u%:*} i=${u#*:}
		echo "$n:x:$i:$i:$n:$HS_ROOT/home/$n:/bin/sh" >>$HS_ROOT/etc/passwd
		echo "$n:x:$i:" >>$HS_ROOT/etc/group
		echo "$n:*:19000:0:99999:7:::" >>$HS_ROOT/etc/shadow
		mkdir -m 700 $HS_ROOT/home/$n && chown $i:$i $HS_ROOT/home/$n || return 1
	done
	# sshd's own user, where the package that makes it is not installed
	grep -q '^sshd:' $HS_ROOT/etc/passwd ||
		echo 'sshd:x:4000:65534::/run/sshd:/usr/sbin/nologin' >>$HS_ROOT/etc/passwd
	for f in passwd group shadow; do
		[ ! -f /etc/$f ] || mount --bind $HS_ROOT/etc/$f /etc/$f || return 1
	done
}

hs_dev_() {
	mkdir $HS_ROOT/dev && mount -t tmpfs -o mode=0755 tmpfs $HS_ROOT/dev || return 1
	for n in null zero full random urandom tty; do
		[ -e /dev/$n ] || continue
		: >$HS_ROOT/dev/$n && mount --bind /dev/$n $HS_ROOT/dev/$n || return 1
	done
	mkdir $HS_ROOT/dev/pts && mkdir -m 1777 $HS_ROOT/dev/shm &&
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts $HS_ROOT/dev/pts &&
		ln -s pts/ptmx $HS_ROOT/dev/ptmx && ln -s /proc/self/fd $HS_ROOT/dev/fd &&
		mount --move $HS_ROOT/dev /dev
}

hs_logins_() { [ ! -d /var/log ] || mount -t tmpfs -o mode=0755,nosuid tmpfs /var/log; }

# hs_cover_ DIR: an empty, private DIR, whether or not it exists. The nearest existing folder gets a
# tmpfs; what else it held is linked to.
hs_cover_() {
	d=$1
	while [ ! -d "$d" ]; do d=$(dirname "$d"); done
	case $d in / | /usr | /etc) echo "# $1: a parent of its own is needed" && return 1 ;; esac
	o=$HS_ROOT/covered
	mkdir "$o" && mount --rbind "$d" "$o" && mount -t tmpfs -o mode=0755 tmpfs "$d" || return 1
	for e in "$o"/*; do
		[ ! -e "$e" ] || ln -s "$e" "$d/" || return 1
	done
	mkdir -p "$1"
}

hs_programs_() { # whatever the umask of who built them
	for f in "$HS_BUILD"/handseal* "$HS_BUILD"/softkey "$HS_BUILD"/softkey-ctl "$HS_BUILD"/tests/e2e/*; do
		[ -f "$f" ] && [ -x "$f" ] || continue
		case $f in
		*-helper | *-known-hosts | *-shell) install -m 755 "$f" "$HS_LIBEXECDIR/" || return 1 ;;
		*) install -m 755 "$f" $HS_ROOT/bin/ || return 1 ;;
		esac
	done
	install -m 644 "$HS_SRC/tests/lib/asan.supp" $HS_ROOT/
}

# ---- setting up and ending

hs_setup() {
	if [ -d $HS_ROOT/bin ] && [ $$ = 1 ]; then
		HS_TMP=$HS_ROOT/tmp HS_BIN=$HS_ROOT/bin HS_LIBEXEC=$HS_LIBEXECDIR
		HS_SERVER=$HS_ROOT/etc/handseal
		case ${ASAN_OPTIONS:-} in *:suppressions=*) # other users may not reach the sources
			ASAN_OPTIONS=${ASAN_OPTIONS%:suppressions=*}:suppressions=$HS_ROOT/asan.supp
			;;
		esac
	else
		HS_TMP=$(mktemp -d /tmp/hs.XXXXXXXX) || hs_fail_ "no scratch folder"
		HS_BIN=$HS_BUILD HS_LIBEXEC=$HS_BUILD HS_SERVER=$HS_TMP/server
		PATH=$HS_BUILD/tests/e2e:$PATH
	fi
	HS_HOME_deploy=$HS_ROOT/home/deploy HS_HOME_other=$HS_ROOT/home/other
	XDG_CONFIG_HOME=$HS_TMP/config XDG_STATE_HOME=$HS_TMP/state XDG_RUNTIME_DIR=$HS_TMP/run
	HANDSEAL_SK_HELPER=$HS_LIBEXEC/handseal-sk-helper
	HANDSEAL_KNOWN_HOSTS=$HS_LIBEXEC/handseal-known-hosts
	HS_SSHD=${HS_SSHD:-/usr/sbin/sshd} # another may be named; or where scripts/deps has unpacked it
	[ -x "$HS_SSHD" ] || HS_SSHD=$HS_SRC/build/openssh-server/usr/sbin/sshd
	HS_AKC_USER=${HS_AKC_USER:-nobody}
	PATH=$HS_BIN:$PATH
	mkdir -p "$HS_SERVER" && mkdir -m 700 "$XDG_CONFIG_HOME" "$XDG_STATE_HOME" \
		"$XDG_RUNTIME_DIR" || hs_fail_ "no scratch folder"
	unset HANDSEAL_SOCK HANDSEAL_PID SSH_AUTH_SOCK SSH_AGENT_PID SSH_ASKPASS DISPLAY LISTEN_FDS
	export XDG_CONFIG_HOME XDG_STATE_HOME XDG_RUNTIME_DIR HANDSEAL_SK_HELPER HANDSEAL_KNOWN_HOSTS PATH
	trap hs_exit_ EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

hs_init() {
	hs_setup
	SHARNESS_TEST_DIRECTORY=$HS_TMP
	SHARNESS_BUILD_DIRECTORY=$HS_BIN
	HARNESS_ACTIVE=${HARNESS_ACTIVE:-1} # no test-results folder
	. /usr/share/sharness/sharness.sh
	trap hs_exit_ EXIT
}

hs_done() {
	test_expect_success 'nothing is left running' 'hs_stop_all && hs_none_left'
	test_done
}

hs_exit_() {
	hs_code_=$?
	trap - EXIT
	hs_stop_all >/dev/null 2>&1
	if [ $hs_code_ != 0 ] || [ "${EXIT_OK:-t}" != t ]; then
		hs_keep_logs_
	fi
	cd / && rm -rf "${HS_TMP:?}"
	if [ "${SHARNESS_VERSION:-}" ] && [ -z "${EXIT_OK:-}" ]; then
		echo "FATAL: unexpected exit with code $hs_code_" >&5
		exit 1
	fi
	exit $hs_code_
}

hs_keep_logs_() {
	d=$HS_BUILD/e2e-logs/$(basename "$0" .t)
	mkdir -p "$d" && find "$HS_TMP" -maxdepth 1 -type f \
		\( -name '*.log' -o -name syslog -o -name '*.conf' \) -exec cp {} "$d/" \;
	chown -R --reference="$HS_BUILD" "$HS_BUILD/e2e-logs"
	echo "# logs: $d" >&2
}

# ---- processes

# hs_state_ PID: R, S, Z..., or nothing when there is none
hs_state_() {
	hs_stat_=
	{ read -r hs_stat_ <"/proc/$1/stat"; } 2>/dev/null
	hs_stat_=${hs_stat_##*) }
	hs_stat_=${hs_stat_%% *}
}

hs_running_() {
	hs_state_ "$1"
	case $hs_stat_ in '' | Z | X) return 1 ;; esac
}

hs_pid() { eval "echo \"\${HS_PID_$1:-}\""; }

hs_alive() {
	eval "hs_p_=\${HS_PID_$1:-}"
	[ "$hs_p_" ] && hs_running_ "$hs_p_"
}

hs_now_() { # hundredths of a second
	read -r hs_up_ _ </proc/uptime
	hs_now=${hs_up_%.*}${hs_up_#*.}
}

hs_wait_for() {
	hs_now_
	hs_end_=$((hs_now + $2 * 300))
	until eval "$1"; do
		hs_now_
		[ $hs_now -lt $hs_end_ ] || { echo "# not within $(($2 * 3)) s: $1" >&2 && return 1; }
		sleep 0.03
	done
}

hs_spawn() {
	hs_n_=$1
	shift
	if hs_alive "$hs_n_"; then
		echo "# $hs_n_ runs already" >&2
		return 1
	fi
	: >"$HS_TMP/$hs_n_.log" # what the last one said is not taken for this one's
	"$@" </dev/null >"$HS_TMP/$hs_n_.log" 2>&1 3>&- 4>&- 5>&- 6>&- &
	eval "HS_PID_$hs_n_=$!"
	HS_SPAWNED="$hs_n_ $HS_SPAWNED"
}

hs_wait() {
	hs_wait_for "! hs_alive $1" "$2" || return 1
	HS_STATUS=0
	wait "$(hs_pid "$1")" 2>/dev/null || HS_STATUS=$?
	eval "HS_PID_$1="
}

hs_stop() {
	[ "$(hs_pid "$1")" ] || return 0
	! hs_alive "$1" || kill -"${2:-TERM}" "$(hs_pid "$1")"
	hs_wait "$1" 15 && return 0
	kill -KILL "$(hs_pid "$1")"
	hs_wait "$1" 5
	echo "# $1 had to be killed" >&2
	return 1
}

hs_stop_all() {
	hs_rc_=0
	for hs_s_ in $HS_SPAWNED; do
		hs_stop "$hs_s_" || hs_rc_=1
	done
	HS_SPAWNED=
	return $hs_rc_
}

# In the private world: no process but this shell. Elsewhere hs_stop_all has seen to our own.
hs_none_left() {
	[ $$ != 1 ] || hs_wait_for 'hs_alone_ 2>/dev/null' 5 || { hs_alone_ && false; }
}

hs_alone_() {
	hs_alone_rc_=0
	for hs_d_ in /proc/[0-9]*; do
		hs_p_=${hs_d_#/proc/}
		[ "$hs_p_" != 1 ] && hs_running_ "$hs_p_" || continue
		echo "# still running: $hs_p_ $(tr '\0' ' ' <"$hs_d_/cmdline")" >&2
		hs_alone_rc_=1
	done
	return $hs_alone_rc_
}

# ---- our programs

hs_softkey_start() {
	hs_k_=$1
	shift
	hs_spawn "$hs_k_" "$HS_BIN/softkey" -s "$HS_TMP/$hs_k_.sock" -c "$HS_TMP/$hs_k_.ctl" \
		-S "$HS_TMP/$hs_k_.state" "$@" &&
		hs_wait_for "grep -q '^ready' '$HS_TMP/$hs_k_.log' || ! hs_alive $hs_k_" 10 &&
		hs_alive "$hs_k_"
}

hs_softkey() {
	hs_k_=$1
	shift
	[ "$1" != touch ] || "$HS_BIN/softkey-ctl" "$HS_TMP/$hs_k_.ctl" wait 30 >/dev/null || return 1 # a finger comes when it blinks
	"$HS_BIN/softkey-ctl" "$HS_TMP/$hs_k_.ctl" "$@"
}
hs_softkey_idle() { ! "$HS_BIN/softkey-ctl" "$HS_TMP/$1.ctl" touch; } # a touch now does nothing

hs_handseald_start() {
	HANDSEAL_SOCK=$XDG_RUNTIME_DIR/handseal/agent.sock
	export HANDSEAL_SOCK
	[ -d "$XDG_RUNTIME_DIR/handseal" ] || mkdir -m 700 "$XDG_RUNTIME_DIR/handseal" || return 1
	hs_spawn handseald "$HS_BIN/handseald" -D -a "$HANDSEAL_SOCK" "$@" &&
		hs_wait_for "grep -q '^handseald: serving on' '$HS_TMP/handseald.log' || ! hs_alive handseald" 10 &&
		hs_alive handseald
}

hs_syslog_start() {
	! hs_alive syslog || return 0
	[ $$ = 1 ] || return 1
	hs_spawn syslog perl -MIO::Socket::UNIX -e '
		my ($path, $out) = @ARGV;
		my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or die "$path: $!";
		chmod 0666, $path;
		open(my $f, ">>", $out) or die "$out: $!";
		$f->autoflush(1);
		while (defined $s->recv(my $m, 65536)) {
			$m =~ s/^<\d+>//;
			$m =~ s/([\x00-\x1f\x7f])/sprintf("\\x%02x", ord($1))/ge;
			print $f "$m\n";
		}' /dev/log "$HS_TMP/syslog" &&
		hs_wait_for '[ -S /dev/log ] && [ -e "$HS_TMP/syslog" ] || ! hs_alive syslog' 10 &&
		hs_alive syslog
}

# ---- sshd and ssh

hs_free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1,
		LocalAddr => "127.0.0.1", LocalPort => 0)->sockport, "\n"'
}

hs_sshd_config_() {
	[ $# = 0 ] || printf '%s\n' "$@"
	cat <<-EOF
		ListenAddress 127.0.0.1:$HS_PORT
		HostKey $HS_TMP/ssh_host_ed25519_key
		PidFile none
		UsePAM no
		StrictModes yes
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		AuthorizedKeysFile .ssh/authorized_keys
		LogLevel VERBOSE
		LoginGraceTime 30
		PrintMotd no
		PrintLastLog no
	EOF
	case " $*" in *" Subsystem "*) ;; *) echo "Subsystem sftp internal-sftp" ;; esac
	[ -x "$HS_BIN/handseal-verify" ] && cat <<-EOF
		AuthorizedKeysCommand $HS_BIN/handseal-verify --config $HS_SERVER keys %u %t %k
		AuthorizedKeysCommandUser $HS_AKC_USER
	EOF
	:
}

hs_sshd_start() {
	[ $$ = 1 ] || { echo "# hs_sshd_start needs hs_ns" >&2 && return 1; }
	hs_syslog_start || return 1
	[ -f "$HS_TMP/ssh_host_ed25519_key" ] ||
		ssh-keygen -q -t ed25519 -N '' -C '' -f "$HS_TMP/ssh_host_ed25519_key" || return 1
	for hs_try_ in 1 2 3 4 5; do # another process may take the port first
		HS_PORT=$(hs_free_port) || return 1
		hs_sshd_config_ "$@" >"$HS_TMP/sshd.conf"
		"$HS_SSHD" -t -f "$HS_TMP/sshd.conf" || return 1
		hs_spawn sshd "$HS_SSHD" -D -e -f "$HS_TMP/sshd.conf" || return 1
		hs_wait_for 'grep -q "^Server listening" "$HS_TMP/sshd.log" || ! hs_alive sshd' 10
		! hs_alive sshd || break
		hs_wait sshd 1
	done
	hs_alive sshd || { cat "$HS_TMP/sshd.log" >&2 && return 1; }
	echo "[127.0.0.1]:$HS_PORT $(cat "$HS_TMP/ssh_host_ed25519_key.pub")" >"$HS_TMP/known_hosts"
	HS_SSH_OPTS="-F /dev/null -p $HS_PORT -o BatchMode=yes -o IdentitiesOnly=yes
		-o IdentityAgent=none -o PreferredAuthentications=publickey -o LogLevel=ERROR
		-o StrictHostKeyChecking=yes -o UserKnownHostsFile=$HS_TMP/known_hosts
		-o GlobalKnownHostsFile=/dev/null -o ConnectTimeout=10"
}

hs_ssh() { ssh $HS_SSH_OPTS "$@"; }

hs_as() {
	hs_u_=$1
	shift
	setpriv --reuid="$hs_u_" --regid="$(id -g "$hs_u_")" --clear-groups "$@"
}
