# SPDX-License-Identifier: ISC
#
# What the tests that move clocks share, on top of e2e.sh: the askings of ask.sh, a daemon and a command whose clocks
# tests/preload/clock.c moves while they run, and what becomes of a session. It states no test.
#
#	clocks "$@"            before the first test: in a world of its own, the clocks can be moved from now on; ends the
#	                       test as skipped where they cannot
#	$in, $asks             a scope to open for; lines of a policy that lets anybody ask for anything, often
#	moved WALL BOOT        they are ahead by so many seconds
#	set_by S, asleep S     somebody sets the wall clock by so much; the machine sleeps for so long
#	start [SECONDS]        a daemon, started anew with true clocks, whose keys blink for so long

. "$(dirname "$0")/../lib/ask.sh"

in="--user deploy --host web1.example.com --cmd uptime"
asks='Agent unknown
    Scope *
Limits
    Prompts 100
    PromptsAll 100'

clocks() {
	hs_ns "$0" "$@"
	hs_init "$@"
	clock=$HS_TMP/clock
	# a sanitizer's runtime wants to be first
	shim=$(ldd "$HS_BIN/handseald" 2>/dev/null | sed -n 's/.*=> \(.*libasan[^ ]*\) .*/\1:/p')$HS_BUILD/tests/preload/clock.so
	head -c 16 /dev/zero >"$clock"
	clocks_=$(LD_PRELOAD=$shim HS_CLOCK=$clock "$HS_BIN/handseald" --nonesuch 2>&1)
	[ $? = 2 ] && [ "${clocks_#handseald: }" != "$clocks_" ] || hs_skip "the clocks of handseald cannot be moved here: $clocks_"
	# the command lives on the same machine, so it sees the same
	mkdir "$HS_TMP/moved" && cat >"$HS_TMP/moved/handseal" <<-EOF && chmod 755 "$HS_TMP/moved/handseal"
		#!/bin/sh
		LD_PRELOAD=$shim HS_CLOCK=$clock exec "$HS_BIN/handseal" "\$@"
	EOF
	PATH=$HS_TMP/moved:$PATH
	TZ=UTC
	export PATH TZ
}
moved() {
	wall=$1 boot=$2
	perl -e 'open my $f, "+<", shift or die; syswrite($f, pack "q2", map { 1000 * $_ } @ARGV) == 16 or die' \
		"$clock" $wall $boot
}
set_by() { moved $((wall + $1)) $boot; }
asleep() { moved $((wall + $1)) $((boot + $1)); }
start() { moved 0 0 && daemon LD_PRELOAD=$shim HS_CLOCK=$clock HANDSEAL_TOUCH_SECONDS=${1:-30} && watched; }

# value WORD: what the daemon says of itself
value() { agentctl status | sed -n "s/^$1 //p"; }
is_open() { test "$(value open)" = 1 && test "$(value session)" = "$session"; }
# over TEXT: the session $session is, on record, for that reason
over() { test "$(value open)" = 0 && hs_wait_for "expired '$1'" 10; }
expired() { grep '"event":"expire"' "$log" | grep "\"session\":\"$session\"" | grep -q -e "$1"; }
issued() { grep '"event":"issue"' "$log" | wc -l; }
# span FILE: from when to when that certificate is valid, by the wall clock
span() {
	ssh-keygen -L -f "$1" | sed -n 's/.*Valid: from \(.*\) to \(.*\)/\1 \2/p' | {
		read -r from to && echo "$(date -d "$from" +%s) $(date -d "$to" +%s)"
	}
}
# lasts NAME LEAST MOST: that certificate does from now on, in seconds by the wall clock, and is within its grant
lasts() {
	forgecert grant-of "$1-cert.pub" grant-cert.pub && { span "$1-cert.pub" && span grant-cert.pub; } >spans &&
		{ read -r from to && read -r grant_from grant_to; } <spans && now=$(($(date +%s) + wall)) &&
		echo "# $from $to, of $grant_from $grant_to, at $now" && test $from -ge $grant_from && test $to -le $grant_to &&
		test $from -le $now && test $((to - now)) -ge $2 && test $((to - now)) -le $3
}
