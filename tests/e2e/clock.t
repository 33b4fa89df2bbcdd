#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: whoever sets the clock, and a machine that sleeps, end a session sooner or when it was to
# end, and never later; no certificate outlasts it or is valid from before its grant; each setting is on record.
test_description='clocks that jump, and suspend: sessions'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/clock.sh"
clocks "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
h=3600
opened() {
	hs_softkey blue touch-next && timeout 30 handseal open $in "$@" >/dev/null && session=$(value session) && is_open
}
get() { timeout 30 handseal request $in -o "$@" >/dev/null </dev/null; }
jumps() { grep '"event":"clock"' "$log" | sed 's/.*"jump":\([-0-9]*\).*/\1/' | tr '\n' ' '; }
# jumped S...: the last settings that are on record, in this order
jumped() { hs_wait_for "case \"\$(jumps)\" in *'$* ') ;; *) false ;; esac" 10 || { jumps && false; }; }

test_expect_success 'a key, and a daemon whose clocks follow' '
	policy "$asks" && hs_softkey_start blue && start && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
	set_by $((240 * h)) && handseal status --json >st && perl -MJSON::PP -e "
		my \$now = decode_json(join \"\", <STDIN>)->{now}{unix};
		exit(abs(\$now - time - 864000) < 60 ? 0 : 1)" <st && jumped 864000
'
test_expect_success 'each setting is on record, by how much; a sleep is none, nor is a second' '
	start && for n in $h $((-3 * h)) 1 -1 5; do
		set_by $n && value now || return 1
	done && asleep $((9 * h)) && value now && jumped 864000 $h $((-3 * h)) 5
'

# ---- a session

policy "Escalate deny" "Session" "    Idle none" "$asks"
test_expect_success 'set back to before the touch: nothing is issued, and it ends when it was to end' '
	start && opened --ttl 1h && set_by $((-2 * h)) && n=$(issued) && refused clock $in -o no && test ! -e no &&
	is_open && asleep 3000 && is_open && refused clock $in -o no && asleep 600 && over "last grant has ended" &&
	refused no-session $in -o no && test "$(issued)" = $n && jumped $((-2 * h))
'
test_expect_success 'set back by less: no certificate ends later than without it' '
	start && opened --ttl 8h && asleep $((6 * h)) && get a --ttl 4h && lasts a 7000 7200 && set_by -$h && get b --ttl 4h &&
	lasts b 7000 7200 && get c --ttl 5m && lasts c 200 300 && asleep $((h + 1800)) && get d --ttl 4h && lasts d 1600 1800 &&
	asleep 1800 && over "last grant has ended"
'
test_expect_success 'a certificate is never valid from before its grant' '
	start && opened --ttl 1h && get e --ttl 5m && lasts e 200 300 && set_by -50 && get f --ttl 5m && lasts f 200 300 &&
	test $from = $grant_from && set_by 650 && get g --ttl 5m && lasts g 200 300 && test $((now - from)) -ge 60 &&
	test $((now - from)) -le 160
'
test_expect_success 'set ahead beyond its end: it is over, and stays so when the clock is set back' '
	start && opened --ttl 1h && n=$(issued) && set_by $((2 * h)) && refused no-session $in -o no && over "last grant has ended" &&
	set_by $((-2 * h)) && refused no-session $in -o no && test "$(issued)" = $n
'
test_expect_success 'set ahead by less: the end stands where it was on the clock; and back: nothing is gained' '
	start && opened --ttl 1h && set_by 2700 && get i --ttl 1h && lasts i 700 900 && set_by -2700 && get j --ttl 1h &&
	lasts j 3400 3600 && asleep $h && over "last grant has ended"
'
# soon: it is so far on that the session ends in eight seconds by both clocks
soon() { asleep $(($(value left) - 8)) && is_open; }
test_expect_success 'with the clock set back it ends by itself, though nobody asks' '
	start && opened --ttl 1h && soon && set_by -50 && is_open && hs_wait_for "expired ended" 30
'
test_expect_success 'opened with the clock a day behind: the same' '
	start && set_by $((-24 * h)) && opened --ttl 1h && get k --ttl 1h && lasts k 3400 3600 && soon &&
	hs_wait_for "expired ended" 30 && opened --ttl 1h && set_by $((24 * h)) && over "last grant has ended"
'

# ---- the machine sleeps

test_expect_success 'beyond its end: over, and nothing is issued' '
	start && opened --ttl 1h && n=$(issued) && asleep 3000 && is_open && get l --ttl 1h && lasts l 400 600 && asleep 600 &&
	refused no-session $in -o no && over "last grant has ended" && test "$(issued)" = $((n + 1))
'
test_expect_success 'beyond Idle: over, for that reason; what is issued keeps it' '
	policy "Escalate deny" "Session" "    Idle 30m" "$asks" && start && opened --ttl 4h && asleep 1200 && get m && asleep 1200 &&
	is_open && asleep 700 && over "Idle" && refused no-session $in -o no
'
test_expect_success 'idling goes by the clock that nobody can set' '
	opened --ttl 4h && set_by $h && is_open && set_by $((-2 * h)) && is_open && asleep 1810 && over "Idle"
'
hs_done
