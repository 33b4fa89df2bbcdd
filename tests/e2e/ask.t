#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what `handseal` does with askings that wait, with events and with the policy: the
# outcomes are told apart by exit code and in JSON, a key survives until its certificate is
# fetched, and a daemon that lies about any of it is not believed.
test_description='askings that wait, and the policy, at the command line'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"
hs_init "$@"

real=$XDG_RUNTIME_DIR/handseal/agent.sock
policy=$XDG_CONFIG_HOME/handseal/policy
what="--user deploy --host web1.example.com --cmd uptime"

# ask ARG...: what a touch is needed for
ask() { timeout 60 handseal request --user deploy --host db1.example.com --cmd id --reason "to see" "$@"; }
nothing() { test -z "$(ls "$1" "$1.pub" "$1-cert.pub" 2>/dev/null)"; } # nothing NAME: was written
check() { handseal policy check "$@"; }

# ---- a daemon that asks, and lies

test_expect_success 'a no: exit 4, until when it stands, and nothing written' '
	export HANDSEAL_SOCK && hostile wait_declined && does 4 "4F7 waits for a touch; the person sees 4F7 too. 0:09 left" \
		ask -o f --wait 9 && grep "4F7 declined. The same or more is refused until .*[0-9][0-9]:[0-9][0-9] .*; less may be asked" err &&
	nothing f && does 4 . ask -o f --json && is out "\$j->{error}{code} eq q(touch-declined) && \$j->{error}{exit} == 4"
'
test_expect_success 'gone is told apart from refused: both exit 3' '
	hostile wait_gone && does 3 "(gone)" ask -o f --json && is out "\$j->{error}{code} eq q(gone)" && nothing f &&
	hostile wait_refuse && does 3 "come hither" ask -o f && nothing f
'
test_expect_success 'not answered: exit 7, the pair is kept, and how to go on is told' '
	hostile wait_parked && does 7 "4F7 not answered yet. Go on with other work; then:  handseal wait 4F7 --key f.pub " \
		ask -o f --wait 0 && ! grep "left here" err && test "$(stat -c %a f)" = 600 && test ! -e f-cert.pub &&
	ssh-keygen -y -f f | cut -d" " -f1,2 >a && cut -d" " -f1,2 f.pub >b && test_cmp a b &&
	does 1 "never overwritten" ask -o f --wait 0 && does 7 . ask -o g --wait 1 --json &&
	is out "\$j->{pending}{code} eq q(4F7) && \$j->{pending}{state} eq q(parked) && \$j->{pending}{exit} == 7" &&
	is out "\$j->{pending}{next} eq q(handseal wait 4F7 --key g.pub) && \$j->{pending}{until}{unix} > time"
'
test_expect_success 'wait: a code, a key, and the same endings' '
	does 7 "not answered yet" handseal wait 4f7 --key f.pub --wait 0 && does 7 . handseal wait 4F7 --key f.pub --wait 1 --json &&
	is out "\$j->{pending}{key} eq q(f.pub)" && does 7 "handseal wait 4F7 --key f.pub -o elsewhere" \
		handseal wait 4F7 --key f.pub --wait 0 -o elsewhere &&
	for c in "" 4F "4F7 5KD" 4F77 4O7 4I7 407 417 "$(printf "\033[2")"; do
		usage wait $c --key f.pub || return 1
	done && usage wait 4F7 && usage wait 4F7 --key f.pub -o "" && does 1 "(not-found)" handseal wait 4F7 --key none.pub &&
	for t in -1 "" x 1w 2d; do usage wait 4F7 --key f.pub --wait "$t" && usage request $what -o h --wait "$t" || return 1; done &&
	hostile wait_declined && does 4 "4F7 declined" handseal wait 4F7 --key f.pub &&
	hostile wait_gone && does 3 "(gone)" handseal wait 4F7 --key f.pub && test ! -e f-cert.pub
'
test_expect_success 'rule10: endless, early, or about another asking: exit 1, nothing written' '
	for how in wait_early wait_other wait_state wait_cert; do
		hostile $how && does 1 "(malformed)\|(certificate-form)" ask -o n --wait 3 && nothing n &&
		does 1 . handseal wait 4F7 --key f.pub --wait 3 && test ! -e f-cert.pub || { echo "# $how" && return 1; }
	done
'
test_expect_success 'watch: a line an event with its text, or JSON, an object a line' '
	hostile told && hs_spawn w handseal watch && hs_wait_for "grep -q closed \"$HS_TMP/w.log\"" 10 && hs_stop w &&
	grep "asked  4F7 claude, until" "$HS_TMP/w.log" && grep "^    handseal 4F7: claude asks$" "$HS_TMP/w.log" &&
	grep "closed claude, until .*: the end$" "$HS_TMP/w.log" && hs_spawn w handseal watch --json &&
	hs_wait_for "test \$(wc -l <\"$HS_TMP/w.log\") = 2" 10 && hs_stop w TERM && head -n 1 "$HS_TMP/w.log" >one &&
	is one "\$j->{event} eq q(asked) && \$j->{code} eq q(4F7) && \$j->{text} eq qq(handseal 4F7: claude asks\n  for uptime\n)" &&
	tail -n 1 "$HS_TMP/w.log" >one && is one "\$j->{seq} == 7 && \$j->{code} eq q() && !\$j->{pin}"
'
test_expect_success 'watch ends with whoever reads it, and with the daemon' '
	hs_spawn w sh -c "handseal watch --json | head -n 1; echo ended" && hs_wait w 10 && grep ended "$HS_TMP/w.log" &&
	hs_spawn w handseal watch --json && hs_wait_for "grep -q closed \"$HS_TMP/w.log\"" 10 && hs_stop hostile &&
	hs_wait w 10 && test "$HS_STATUS" = 1 && tail -n 1 "$HS_TMP/w.log" >one && is one "\$j->{error}{exit} == 1"
'
test_expect_success 'rule10: events that cannot be end it: exit 1' '
	for how in told_count told_more told_beyond told_back told_last told_at_once told_name told_code \
		told_codeless told_long told_ours anew_first anew_byte anew_back anew_beyond anew_count; do
		hostile $how && does 1 "(malformed)" timeout 20 handseal watch && does 1 . timeout 20 handseal watch --json &&
		tail -n 1 out >one && is one "\$j->{error}{code} eq q(malformed)" || { echo "# $how" && return 1; }
	done
'
test_expect_success 'events of a later version are shown, cleaned; none is no error' '
	hostile told_new && hs_spawn w handseal watch && hs_wait_for "grep \"beamed  4F7 claude\" $HS_TMP/w.log" 10 && hs_alive w && hs_stop w && cp "$HS_TMP/w.log" out && : >err && clean &&
	hostile told_none && test_expect_code 124 timeout 2 handseal watch >out 2>err </dev/null && test ! -s out && test ! -s err &&
	does 1 "nothing waits under 4F7" handseal approve 4F7
'
test_expect_success 'events that were missed: watch says so before what waits now, approve where its asking is not there' '
	hostile anew && hs_spawn w handseal watch && hs_wait_for "grep -q two \"$HS_TMP/w.log\"" 10 && hs_stop w &&
	grep "  anew: events were missed; what waits now follows$" "$HS_TMP/w.log" && hs_spawn w handseal watch --json &&
	hs_wait_for "test \$(wc -l <\"$HS_TMP/w.log\") = 3" 10 && hs_stop w TERM && sed -n 2p "$HS_TMP/w.log" >one &&
	is one "\$j->{event} eq q(anew) && \$j->{seq} == 300 && \$j->{time}{unix} > 0 && keys(%\$j) == 11" &&
	sed -n 3p "$HS_TMP/w.log" >one && is one "\$j->{event} eq q(parked) && \$j->{code} eq q(5KD)" &&
	for how in missed missed_other; do
		hostile $how && does 1 "what became of 4F7 is not known (io-failed)" timeout 20 handseal approve 4F7 || return 1
	done && hostile missed_none && does 0 "touched" timeout 20 handseal approve 4F7 &&
	hostile textless && does 1 "the text of 4F7 did not come" timeout 20 handseal approve 4F7 && ! grep answer "$fake.asked"
'
test_expect_success 'approve: shows it, lets the key blink, and tells what became of it' '
	hostile fair && hs_spawn a handseal approve 5kd && hs_wait_for "grep -q \"Touch the key (5KD)\" \"$HS_TMP/a.log\"" 10 &&
	grep "^One touch will sign this:" "$HS_TMP/a.log" && grep "^  codex asks" "$HS_TMP/a.log" && grep "^1 5KD 0" "$fake.answers" &&
	echo "3 5KD 0" >>"$fake.answers" && hs_wait a 10 && test "$HS_STATUS" = 7 && hostile fair &&
	hs_spawn a handseal approve 4F7 --json && hs_wait_for "grep -q \"Touch the key\" \"$HS_TMP/a.log\"" 10 &&
	echo "2 4F7 0" >>"$fake.answers" && hs_wait a 10 && test "$HS_STATUS" = 4 && sed -n "/^{/,\$p" "$HS_TMP/a.log" >one &&
	is one "\$j->{event} eq q(declined) && \$j->{code} eq q(4F7)" && does 1 "nothing waits under 9XY" handseal approve 9XY &&
	does 1 "(no-channel)" setsid -w handseal approve 7AB && ! grep 7AB "$fake.answers"
'
test_expect_success 'decline' '
	does 1 "nothing waits under" handseal decline 9XY && does 0 "^4F7 declined. The same or more is refused until " \
		handseal decline 4f7 && does 0 . handseal decline 4F7 --json && is out "\$j->{event} eq q(declined)" &&
	for c in "" 4F 4O7; do usage approve "$c" && usage decline "$c" || return 1; done && usage approve && usage decline 4F7 5KD
'
test_expect_success 'explain: by its exit code; a nonsense answer is no answer' '
	e="handseal policy explain $what" && hostile explain_issue && does 0 "^It would be issued" $e && does 0 . $e --json &&
	is out "\$j->{decision} eq q(issue) && \$j->{exit} == 0" && hostile explain_ask && does 7 "^It would cost a touch" $e &&
	grep "signatures in git" out && does 7 . $e --json && is out "\$j->{difference} =~ /^ns git\$/m" &&
	hostile explain_refuse && does 3 "^It would be refused: .*(denied-by-policy)" $e && does 3 . $e --json &&
	is out "\$j->{decision} eq q(refuse) && \$j->{code} eq q(denied-by-policy)" &&
	for how in explain_code explain_ok explain_both explain_none explain_scope explain_number; do
		hostile $how && does 1 "(malformed)" $e || { echo "# $how" && return 1; }
	done && usage policy explain && usage policy explain $what --agent A && usage policy explain $what x &&
	usage policy explain $what --scope deploy
'
test_expect_success 'scopes by name: what the daemon says they are must be one' '
	hostile names_scope && does 1 "(malformed)" handseal open --scope a && does 1 "(malformed)" handseal request --scope a -o n &&
	hostile names_empty && does 2 "nothing is asked for" handseal open && does 1 "(malformed)" handseal open --scope a &&
	for n in "" A "a b" a, ,a a,,b "$(printf "a\033")" -a; do usage open "--scope=$n" || { echo "# $n" && return 1; }; done &&
	usage open --scope a --user b && usage request --scope a --scope-file f -o n && nothing n
'
test_expect_success 'what a policy and its errors hold is shown cleaned' '
	hostile escapes && does 0 "Escalate?\[2J" handseal policy show && grep "p:1:1: ?\[2J" err && does 0 . handseal policy show --json &&
	is out "@{\$j->{notes}} == 1" && hostile reload_errors && does 3 "^handseal: policy:1:1: no$" handseal policy reload &&
	grep "^  policy:2:1: ?\[2Jno (config-invalid)$" err && does 3 . handseal policy reload --json &&
	is out "\$j->{error}{sentence} =~ /no\npolicy:2:1/"
'

# ---- policy check, which asks no daemon

test_expect_success 'check: errors with their place, all of them; warnings are no errors' '
	unset HANDSEAL_SOCK; printf "Denny user root\nDeny user -root\n" >bad && does 1 "^bad:1:1: there is no keyword" check bad &&
	grep "^bad:2:11: " out && does 1 . check bad --json && is out "@{\$j->{errors}} == 2 && \$j->{errors}[1]{column} == 11" &&
	printf "Agent a\n    Scope x\nScope x\n    MaxTTL 5m\n    MaxUses 1\n    User d\n    Host h\n    Addr *\n    Cmd find ...\n" >warn &&
	does 0 "^warn:9:[0-9]*: warning: " check warn && grep "^warn: no errors; 1 scopes, 1 agents" out &&
	does 0 . check - <warn && does 0 . check warn --json && is out "@{\$j->{warnings}} > 0 && !@{\$j->{errors}} && \$j->{exit} == 0"
'
test_expect_success 'check: NUL, CR, no last LF, too long, none there' '
	printf "Escalate deny" >p && does 0 "no errors" check p && printf "Escalate deny\r\n" >p && does 1 "^p:1:14: " check p &&
	printf "Escalate \0deny\n" >p && does 1 "^p:1:10: " check p && perl -e "print qq(#\n) x 1000000" >p &&
	does 1 "^p:" check p && does 1 "nonesuch" check nonesuch && does 1 "is no file" check . && usage policy check a b &&
	usage policy && usage policy chekc
'
test_expect_success 'check: the policy in use must be its owner.s alone, and so must its folder' '
	does 0 "there is none, so what .handseal open. names is the limit" check && mkdir -p "$XDG_CONFIG_HOME/handseal" &&
	printf "Escalate deny\n" >"$policy" && does 0 "policy: no errors" check && chmod 660 "$policy" &&
	does 1 "others can write the file: chmod go-w" check && chmod 600 "$policy" && chmod 777 "$XDG_CONFIG_HOME/handseal" &&
	does 1 "others can write its folder" check && chmod 700 "$XDG_CONFIG_HOME/handseal" && chown 4001 "$policy" &&
	does 1 "the file belongs to uid 4001" check --json && is out "\$j->{errors}[0]{line} == 0" && chown 0 "$policy" &&
	does 0 . check && rm "$policy"
'
hs_done
