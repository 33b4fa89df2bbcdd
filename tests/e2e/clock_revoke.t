#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a clock that is a month ahead when the daemon starts costs no key that a list needs, nor a revocation; what is
# over by the clock that nobody sets, too, is removed, and the file `revoked` shrinks (rule5).
test_description='clocks that jump: what is kept for revoking'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/clock.sh"
clocks "$@"

state=$XDG_STATE_HOME/handseal
d=86400
opened() { hs_softkey blue touch-next && timeout 30 handseal open $in --ttl 1h >/dev/null && session=$(value session) && is_open; }
get() { timeout 30 handseal request $in -o "$1" --json >req </dev/null && id=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' req) && test -n "$id"; }
# again WALL BOOT: another daemon, whose clocks are ahead by so much
again() { hs_stop watcher && hs_stop handseald; moved $1 $2 && daemon LD_PRELOAD=$shim HS_CLOCK=$clock HANDSEAL_LISTS_SECONDS=1 && watched; }
version() { "$HS_BIN/handseal" krl --json | tr -d ' \n' | grep -o "\"session\":\"$1\",\"version\":[0-9]*"; }
# rewritten: the lists were written anew since, and with them is looked for what is over
rewritten() { v=$(version $1) && hs_wait_for "test \"\$(version $1)\" != '$v'" 15 && v=$(version $1) && hs_wait_for "test \"\$(version $1)\" != '$v'" 15; }
there() { test -s "$state/sessions/$1.key" && test -s "$state/sessions/$1.index" && test -s "$state/lists/$1.list"; }
gone() { hs_wait_for "! ls $state/sessions $state/lists $state/krl | grep -q $1" 15; }

test_expect_success 'a certificate of a session that is closed, and one that was revoked' '
	policy "$asks" && hs_softkey_start blue && start && hs_softkey blue touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
	opened && old=$session && get "$HS_TMP/one" && one=$id && get "$HS_TMP/two" && handseal revoke $id && handseal close && there $old && test $(wc -l <"$state/revoked") = 1
'
test_expect_success 'rule5: a clock that is 31 days ahead at start: nothing of it is removed' '
	again $((31 * d)) 0 && opened && new=$session && rewritten $new && there $old && test $(wc -l <"$state/revoked") = 1 && handseal close
'
test_expect_success 'and when the clock is right again it is revoked, and listed' '
	again 0 0 && handseal revoke $one >out && grep "1 certificate" out && "$HS_BIN/handseal" krl -o all.krl && test_expect_code 1 ssh-keygen -Q -f all.krl "$HS_TMP/one-cert.pub" && test $(wc -l <"$state/revoked") = 2
'
test_expect_success 'nor where it jumps ahead while the daemon runs' '
	opened && live=$session && set_by $((31 * d)) && value now && opened && new=$(value session) && rewritten $new && there $old && there $live && test $(wc -l <"$state/revoked") = 2
'
test_expect_success 'rule5: nothing is let in again by a clock that jumps ahead while a session lives; when it has ended by both clocks it is dropped' '
	again 0 0 && hs_softkey blue touch-next && timeout 30 handseal open $in --ttl 8h >/dev/null && live=$(value session) && timeout 30 handseal request $in --ttl 15m -o "$HS_TMP/short" --json >req </dev/null && handseal revoke $(sed -n "s/.*\"id\": *\"\([^\"]*\)\".*/\1/p" req) &&
	set_by 7200 && value now && rewritten $live && test_expect_code 1 ssh-keygen -Q -f "$state/krl/$live.krl" "$HS_TMP/short-cert.pub" && again 7200 0 && hs_wait_for "test \"\$(version $live)\" != \"$v\"" 15 && test_expect_code 1 ssh-keygen -Q -f "$state/krl/$live.krl" "$HS_TMP/short-cert.pub" &&
	asleep 1000 && value now && rewritten $live && ssh-keygen -Q -f "$state/krl/$live.krl" "$HS_TMP/short-cert.pub"
'
test_expect_success 'a month that passes by both clocks: its files go, and its lines' '
	again 0 0 && there $old && asleep $((31 * d)) && value now && gone $old && hs_wait_for "! grep -q $old $state/revoked" 15 && test "$(stat -c %a "$state/revoked")" = 600 && ! ls -a "$state" | grep "^.new-" &&
	opened && get "$HS_TMP/three" && handseal revoke $id && test $(wc -l <"$state/revoked") = 1 && kill -KILL $(hs_pid handseald) && hs_wait handseald 5 && again $((31 * d)) 0 && grep "${id#*.}" "$state/revoked" && handseal revoke $id --json | grep "\"before\": *1"
'
hs_done
