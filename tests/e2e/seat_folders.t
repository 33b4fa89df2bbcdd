#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the folder of a seat below a seat is in that one's, so that who sees the one sees the other, as far as
# a socket's path may be long; all of them go with the seats, and what a daemon that was killed left behind goes with the
# next, without following what is no folder of a seat.
test_description='the folders of seats below seats'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

main=$HS_TMP/run/a.sock
# chain N: N seats, each below the one before; their sockets in sockets
chain() {
	: >sockets && HANDSEAL_SOCK=$main && for n in $(seq 1 $1); do
		printf '%s\n' "depth $((17 - n))" "max-ttl 900" "max-uses *" "" "addr *" "cmd uptime" "host web1.example.com" "user deploy" >scope.$n &&
			hs_spawn seat$n sh -c 'exec seatctl make 0 "$1" tests <"$0"' "$HS_TMP/hold" "$PWD/scope.$n" && hs_wait_for "grep -qs '^seated' $HS_TMP/seat$n.log || ! hs_alive seat$n" 10 &&
			HANDSEAL_SOCK=$(sed -n 's/^socket //p' "$HS_TMP/seat$n.log") && test -S "$HANDSEAL_SOCK" && echo "$HANDSEAL_SOCK" >>sockets || { cat "$HS_TMP/seat$n.log" && return 1; }
	done
	HANDSEAL_SOCK=$main
}
left() { find "$HS_TMP/run" -mindepth 1 -path "$main.seat-*" | grep .; }
up() { hs_softkey blue touch-next && timeout 30 handseal open --user deploy --host web1.example.com --cmd uptime --depth 16 --ttl 1h; }

test_expect_success 'a session that may be passed on sixteen levels' '
	mkfifo "$HS_TMP/hold" && exec 6<>"$HS_TMP/hold" && policy "Agent tests" "    Scope *" && hs_softkey_start blue && daemon && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && up
'
test_expect_success 'each in the folder of the one above; where that would be too long, further out; 0700, and each answers' '
	chain 12 && cat sockets && above=none tops=0 inside=0 && while read -r s; do
		dir=$(dirname "$s") && test ${#s} -le 107 && test "$(stat -c %a "$dir")" = 700 && HANDSEAL_SOCK=$s handseal status >/dev/null </dev/null || return 1
		case $(dirname "$dir") in "$above") inside=$((inside + 1)) ;; "$HS_TMP/run") tops=$((tops + 1)) ;; *) return 1 ;; esac
		above=$dir
	done <sockets && test $tops = 2 && test $inside = 10
'
test_expect_success 'they go with the seat above them' 'hs_stop seat1 && hs_wait_for "! left" 5 && handseal status | grep "^open"'
test_expect_success 'what an agent that may write in its folder puts in the place of one below leads to nothing else' '
	chain 2 && low=$(dirname "$(tail -n 1 sockets)") && mkdir "$HS_TMP/other" && : >"$HS_TMP/other/agent.sock" && mv "$low" "$low.was" && ln -s "$HS_TMP/other" "$low" && hs_stop seat2 && hs_wait_for "! HANDSEAL_SOCK=$low.was/agent.sock handseal status >/dev/null 2>&1 </dev/null" 5 &&
	test -e "$HS_TMP/other/agent.sock" && rm "$low" "$low.was/agent.sock" && rmdir "$low.was" && hs_stop seat1 && hs_wait_for "! left" 5
'
test_expect_success 'what a killed daemon left goes with the next, and nothing else' '
	chain 10 && mkdir "$HS_TMP/mine" && : >"$HS_TMP/mine/agent.sock" && top=$(dirname "$(head -n 1 sockets)") && ln -s "$HS_TMP/mine" "$top/abcdef" && mkdir -p "$top/notseat/abcdef" "$top/ghijkl" && : >"$top/ghijkl/file" &&
	kill -KILL $(hs_pid handseald) && hs_wait seat1 10 && left | grep -c agent.sock && daemon && test -e "$HS_TMP/mine/agent.sock" && left >l; cat l; ! grep agent.sock l && grep "/ghijkl/file$" l && grep "/notseat/abcdef$" l && test "$(grep -c . l)" = 6
'
exec 6>&-
hs_done
