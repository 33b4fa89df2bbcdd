#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the log names a peer by more than its pid, also where the daemon is nobody special,
# and a peer of which nothing can be said may not open, hand over a PIN or reload the policy.
test_description='handseald: who is it'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
HANDSEAL_SOCK=$HS_TMP/run/a.sock
export HANDSEAL_SOCK
hash=$(sha256sum "$(command -v agentctl)")
hash=${hash%% *}
nobody='setpriv --reuid=nobody --regid=nogroup --clear-groups'

# daemon CMD...: a daemon, started anew by CMD
daemon() {
	hs_stop handseald && rm -f "$HS_TMP/handseald.log" "$log" &&
		hs_spawn handseald "$@" -D -a "$HANDSEAL_SOCK" &&
		hs_wait_for "grep -qs \"serving on\" $HS_TMP/handseald.log || ! hs_alive handseald" 10 &&
		hs_alive handseald
}
# refused CODE CMD...: CMD says that it was refused for that
refused() {
	refused_=$1
	shift
	test_expect_code 3 timeout 20 "$@" >out && grep "^refused $refused_\$" out || { cat out && false; }
}
# record TEXT: the last record of the log says so
record() { grep -v "\"event\":\"checkpoint\"" "$log" | tail -n 1 | grep -e "$1" || { tail -n 1 "$log" && false; }; }
# start_of PID: field 22
start_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; }

printf 'max-ttl 60\nmax-uses *\n\naddr *\nhost web1\nuser deploy\n' >scope

test_expect_success 'a record has the executable, its start and its cgroup' '
	daemon handseald && cp "$(command -v agentctl)" "a) R 1 (b" &&
	cgroup=$(sed -n "s/^0:://p" /proc/self/cgroup) &&
	refused no-roots "$PWD/a) R 1 (b" open scope 600 &&
	record "\"exe\":\"$PWD/a) R 1 (b\",\"start\":[1-9][0-9]*,${cgroup:+\"cgroup\":\"$cgroup\",}" &&
	hs_stop handseald
'
test_expect_success 'the start is that of the process' '
	daemon handseald && hs_spawn pid perl -MIO::Socket::UNIX -e "
		my \$s = IO::Socket::UNIX->new(Peer => \$ENV{HANDSEAL_SOCK}) or die;
		syswrite(\$s, pack(\"N/a*\", chr(27) . pack(\"N/a*\", \"open\@handseal.alt\")));
		sysread(\$s, my \$answer, 65536) or die;
		\$| = 1; print \"answered\\n\"; sleep 1000" &&
	hs_wait_for "grep -qs ^answered $HS_TMP/pid.log" 10 &&
	record "\"pid\":$(hs_pid pid),.*\"start\":$(start_of $(hs_pid pid)),"
'
test_expect_success 'and its hash from when it is known' '
	hs_stop pid && hs_wait_for "refused no-roots agentctl open scope 600 >/dev/null && record \"\\\"exe_sha256\\\":\\\"$hash\\\"\"" 20
'
test_expect_success 'a daemon that is nobody sees as much' '
	hs_stop handseald && chmod 755 "$HS_TMP" . &&
	chown -R nobody "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR" &&
	daemon $nobody handseald &&
	grep "^NoNewPrivs:.1" /proc/$(hs_pid handseald)/status &&
	hs_wait_for "refused no-roots $nobody agentctl open scope 600 >/dev/null &&
		record \"\\\"uid\\\":65534,\\\"origin\\\":\\\"local\\\",\\\"exe\\\":\\\"$HS_BIN/agentctl\\\",\\\"start\\\":.*\\\"exe_sha256\\\":\\\"$hash\\\"\"" 20 &&
	hs_stop handseald &&
	chown -R root "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR"
'
test_expect_success 'a client in a PID namespace below the daemon'\''s is seen' '
	daemon handseald && refused no-roots unshare --pid --fork agentctl open scope 600 &&
	record "\"pid\":[1-9][0-9]*,\"uid\":0,\"origin\":\"local\",\"exe\":\"$HS_BIN/agentctl\",\"start\"" &&
	unshare --pid --fork --mount-proc eventctl reload >out && ! grep refused out && hs_stop handseald
'
test_expect_success 'rule9: a client outside of the daemon'\''s PID namespace is opaque' '
	daemon unshare --pid --fork --mount-proc --kill-child handseald && d=$(pgrep -P $(hs_pid handseald)) &&
	agentctl status >st && grep "^open 0" st && refused peer-refused agentctl open scope 600 &&
	grep "^sentence .*PID namespace" out && grep "^remedy " out &&
	record "\"pid\":0,\"uid\":0,\"origin\":\"opaque\",\"ext\":\"open@" && refused peer-refused eventctl reload && record "\"pid\":0,.*\"policy@" &&
	echo 1234 >pin && refused peer-refused agentctl answer 4F7 arm pin && record "\"pid\":0,.*\"answer@" &&
	refused not-found agentctl answer 4F7 arm && refused no-session agentctl request scope claude &&
	eventctl show >out && grep MainSocket out &&
	refused no-roots nsenter --target $d --pid --mount agentctl open "$PWD/scope" 600 &&
	kill $d && hs_wait handseald 10 && test ! -e "$HANDSEAL_SOCK"
'
hs_done
