#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: root's /etc/handseal/policy narrows what a user's policy allows, says that it did, takes
# changes over and widens nothing; one that is not in order, or that others can write, changes nothing.
test_description="the system's policy"
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"

dir=/etc/handseal
file=$dir/policy
# own_etc: an empty folder at that place, for this mount namespace alone. Where there is none, /etc gets a tmpfs
# whose entries are links to what it held.
own_etc() {
	if [ -d $dir ]; then
		mount -t tmpfs -o mode=0755 tmpfs $dir
		return
	fi
	mkdir $HS_ROOT/all && mount --rbind /etc $HS_ROOT/all && mount -t tmpfs -o mode=0755 tmpfs /etc || return 1
	for e in $HS_ROOT/all/* $HS_ROOT/all/.[!.]*; do
		[ ! -e "$e" ] || ln -s "$e" /etc/ || return 1
	done
	mkdir -m 755 $dir
}
own_etc || hs_skip "there cannot be an /etc/handseal of our own"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
user=$XDG_CONFIG_HOME/handseal/policy
any='Agent unknown
    Scope *'
many='Limits
    Prompts 100
    PromptsAll 100'
in="--user deploy --host web1.example.com --cmd uptime"
more="--user deploy --host web1.example.com --cmd hostname --ttl 5m --reason see"

# system LINE...: that is the system's policy; without any there is none. In force if there is a daemon
system() {
	rm -f $file && { [ $# = 0 ] || printf '%s\n' "$@" >$file; } &&
		{ ! hs_alive handseald || handseal policy reload >reloaded 2>&1 || { cat reloaded && false; }; }
}
# bad TEXT: what is there now does not come into force, for that reason, and what was in force is
bad() {
	handseal policy show >before && test_expect_code 3 handseal policy reload >out 2>err && grep -F -e "$1" err &&
		handseal policy show >after && cmp before after && refused denied-by-policy $in -o no &&
		handseal status | grep "A NEWER ONE IS NOT IN FORCE" || { cat out err && false; }
}
shown() { handseal policy show >shown && printf '%s\n' "$@" >want && tr '\n' '|' <shown | grep -q -F -e "$(tr '\n' '|' <want)" || { cat shown && false; }; }
not_shown() { handseal policy show >shown && ! grep -e "$1" shown; }
explain() { timeout 30 handseal policy explain "$@" >out 2>err </dev/null; }
opened() { hs_softkey blue touch-next && timeout 30 handseal open "$@"; }
closed() { handseal close >/dev/null 2>&1 || true; }
get() { timeout 30 handseal request "$@" >/dev/null </dev/null; }

test_expect_success 'a key, a daemon, a session under the policy of the user alone' '
	policy "$any" "$many" && hs_softkey_start blue && daemon && watched && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && opened $in --ttl 1h && get $in -o a &&
	not_shown system
'

# ---- Deny

test_expect_success 'Deny: what a live grant covers is refused, with its code, naming the file and the line' '
	system "# hands off" "Deny host web1.example.com" && refused denied-by-policy $in -o no && test ! -e no &&
	grep -F "Deny host web1.example.com (system policy:2). No touch can allow it" out &&
	grep "\"event\":\"refuse\".*\"code\":\"denied-by-policy\".*(system policy:2)" "$log"
'
test_expect_success 'and what overlaps it is not asked for, nor opened' '
	n=$(grep -c "\"event\":\"ask\"" "$log") && refused denied-by-policy $more -o no &&
	refused denied-by-policy --user deploy --host "*.example.com" --cmd w --reason x -o no &&
	refused denied-by-policy --user deploy --host "*" --cmd w --reason x -o no && closed &&
	test_expect_code 3 handseal open $in --ttl 1h 2>err </dev/null && grep "system policy:2" err &&
	test "$(grep -c "\"event\":\"ask\"" "$log")" = "$n"
'
test_expect_success 'show, explain and check say so' '
	shown "# by line 2 of the system'\''s policy:" "Deny host web1.example.com" && test_expect_code 3 explain $in &&
	grep "It would be refused: Deny host web1.example.com (system policy:2)" out && grep "(denied-by-policy)" out &&
	test_expect_code 3 explain $in --json && is out "\$j->{code} eq \"denied-by-policy\" && \$j->{decision} eq \"refuse\"" &&
	test_expect_code 3 explain $in --opening && test_expect_code 7 explain --user deploy --host web2.example.com --cmd w &&
	handseal policy check >out && grep "1 denials" out && handseal policy check --json >out &&
	is out "\$j->{files}[1]{path} eq \"$file\" && \$j->{files}[1]{exists}"
'
test_expect_success 'a change is taken over, by reload and by SIGHUP, and is on record; so is its end' '
	n=$(grep -c "\"event\":\"policy\"" "$log") && system "Deny host web2.example.com" && opened $in --ttl 1h && get $in -o b &&
	refused denied-by-policy --user deploy --host web2.example.com --cmd w --reason x -o no &&
	echo "Deny user deploy" >$file && get $in -o c && kill -HUP $(hs_pid handseald) &&
	hs_wait_for "handseal policy show | grep -q \"Deny user deploy\"" 10 && refused denied-by-policy $in -o no &&
	grep "system policy:1" out && system && get $in -o d && not_shown system &&
	test "$(grep -c "\"event\":\"policy\"" "$log")" = $((n + 3)) && closed
'
test_expect_success 'Deny between prompt and touch: the touch gives nothing' '
	ask a $more -o e && hs_softkey blue wait 10 && system "Deny cmd hostname" && hs_softkey blue touch &&
	ends a 3 "(denied-by-policy)" && test ! -e e && system
'

# ---- not in order

test_expect_success 'a line that would widen, or means nothing: the old stays in force' '
	system "Deny user deploy" && for l in "Escalate ask" "MainSocket grant" "Unplug keep" "Session~    Scope x" \
		"Session~    Verify touch" "Session~    Idle none" "Scope x~    MaxTTL 1m" "$any" "Denny user root"; do
		echo "$l" | tr "~" "\n" >$file && bad "$file:" || { echo "# $l" && return 1; }
	done && printf "Deny user root\n\nEscalate ask\n" >$file && bad "$file:3:10: this is what holds anyway" &&
	test_expect_code 1 handseal policy check >out && grep -F "$file:3:10:" out
'
test_expect_success 'and a daemon that starts under it does not' '
	! hs_alive second && test_expect_code 1 timeout 10 "$HS_BIN/handseald" -D -a $HS_TMP/second.sock 2>err </dev/null &&
	grep -F "$file:3:10:" err && grep "the policy is not in order" err
'
test_expect_success 'one bad file of the two holds back the other; both mended, both are in force' '
	cp "$user" kept && { echo "Deny ns x" && cat kept; } >"$user" && bad "$file:3:10:" && not_shown "Deny ns x" &&
	echo "Deny user deploy" >$file && echo Denny >>"$user" && bad "$user:" && { echo "Deny ns x" && cat kept; } >"$user" &&
	handseal policy reload && shown "Deny ns x" && shown "Deny user deploy" && cp kept "$user" && system "Deny user deploy"
'
test_expect_success 'one that others can write, or put there, is not read' '
	for m in 666 664 646 622; do
		chmod $m $file && bad "policy can be written by others" || { echo "# $m" && return 1; }
	done && chmod 644 $file && handseal policy reload && chown other $file && bad "belongs to uid 4002" &&
	chown root $file && handseal policy reload && for m in 777 775; do
		chmod $m $dir && bad "$dir can be written by others" || { echo "# $m" && return 1; }
	done && chmod 755 $dir && chown other $dir && bad "$dir belongs to uid 4002" && chown root $dir && handseal policy reload
'
test_expect_success 'nor is a link, a folder, a pipe, one too long, or a folder that is a link' '
	mv $file $dir/real && ln -s real $file && bad "policy: Too many levels" && rm $file && mkdir $file && bad "not a regular file" &&
	rmdir $file && mkfifo $file && bad "not a regular file" && rm $file && head -c 262145 /dev/zero | tr "\0" "#" >$file && bad "$file" &&
	rm $file && mv $dir/real $file && mv $dir $dir.real && ln -s handseal.real $dir && bad "$dir: Not a directory" &&
	rm $dir && mv $dir.real $dir && handseal policy reload && refused denied-by-policy $in -o no
'
test_expect_success 'more Deny lines than there may be together: the old stays in force' '
	cp "$user" kept && { for i in $(seq 256); do echo "Deny ns n$i"; done && cat kept; } >"$user" &&
	bad "the two policies do not fit together" && test_expect_code 1 handseal policy check >out && grep "too many Deny lines" out &&
	sed 1d "$user" >most && cp most "$user" && handseal policy reload && shown "Deny user deploy" && cp kept "$user" &&
	handseal policy reload
'

# ---- what else narrows

test_expect_success 'Session: MaxTTL caps what is opened and what is asked for' '
	system "Session" "    MaxTTL 2m" && shown "# by the system'\''s policy:" "    MaxTTL 2m" &&
	test_expect_code 3 handseal open $in --ttl 3m 2>err </dev/null && grep "1 to 120 seconds" err && grep -e "--ttl 120s" err &&
	ask a $more -o f && hs_softkey blue wait 10 && hs_softkey blue touch && ends a 0 "" &&
	test "$(agentctl status | sed -n "s/^left //p")" -le 120 && closed && opened $in --ttl 2m && closed
'
test_expect_success 'between prompt and touch: refused' '
	system && ask a $more -o g && hs_softkey blue wait 10 && system "Session" "    MaxTTL 10s" && hs_softkey blue touch &&
	ends a 3 "denied-by-policy" && test ! -e g
'
test_expect_success 'Session: Idle, also of the session that is open' '
	policy "Session" "    Idle none" "$any" "$many" && system && opened $in --ttl 1h && system "Session" "    Idle 2s" &&
	shown "# by the system'\''s policy:" "    Idle 2s" && hs_wait_for "! handseal status | grep -q ^open" 10 &&
	hs_wait_for "grep -q \"\\\"event\\\":\\\"expire\\\".*Idle\" $log" 10 && policy "$any" "$many"
'
test_expect_success 'Session: Verify pin' '
	system && test_expect_code 7 explain $more --json && is out "!\$j->{pin}" && system "Session" "    Verify pin" &&
	shown "# by the system'\''s policy:" "    Verify pin" && test_expect_code 7 explain $more --json && is out "\$j->{pin}"
'
test_expect_success 'MainSocket ask: what was opened costs a touch each' '
	system && opened $in --ttl 1h && get $in -o h && system "MainSocket ask" && shown "# by the system'\''s policy:" "MainSocket ask" &&
	refused reason-missing $in -o no && ask a $in --reason see -o i && hs_softkey blue wait 10 && hs_softkey blue touch && ends a 0 ""
'
test_expect_success 'Escalate deny: what goes beyond is refused, what was opened is not' '
	system "Escalate deny" && shown "# by the system'\''s policy:" "Escalate deny" && refused escalation-off $more -o no &&
	get $in -o j && closed && refused no-session $in -o no
'
test_expect_success 'Unplug close' '
	system && opened $in --ttl 1h && system "Unplug close" && shown "# by the system'\''s policy:" "Unplug close" &&
	hs_softkey blue unplug && hs_wait_for "! handseal status | grep -q ^open" 10 && hs_softkey blue plug
'
test_expect_success 'Limits: all of them' '
	system "Limits" "    Prompts 2" "    PromptsAll 2" "    Waiting 1" "    Park 6s" &&
	shown "Limits" "# by the system'\''s policy:" "    Prompts 2" "# by the system'\''s policy:" "    PromptsAll 2" \
		"# by the system'\''s policy:" "    Park 6s" "# by the system'\''s policy:" "    Waiting 1" &&
	daemon HANDSEAL_TOUCH_SECONDS=1 && watched && ask a $more -o k && refused busy $more --cmd w -o no && ends a 3 "(gone)" &&
	ask a $more -o k && hs_stop a && refused too-many-prompts $more -o no
'

# ---- it never widens

test_expect_success 'where the user is stricter, that holds, and is not called the system'\''s' '
	policy "Deny user root" "Escalate deny" "MainSocket ask" "Unplug revoke" "Session" "    MaxTTL 1m" "    Idle 1m" "    Verify pin" \
		"$any" "Limits" "    Prompts 1" "    PromptsAll 1" "    Park 1m" "    Waiting 1" && system && handseal policy show >alone &&
	system "Deny user root" "Unplug close" "Session" "    MaxTTL 8h" "    Idle 8h" "Limits" "    Prompts 100" "    PromptsAll 100" \
		"    Park 24h" "    Waiting 100" && handseal policy show >both && cmp alone both && ! grep system both &&
	system "# nothing" && handseal policy show | cmp alone -
'
test_expect_success 'without a policy of the user it opens nothing up, and what it forbids is forbidden' '
	rm "$user" && system "Deny cmd reboot" "Session" "    MaxTTL 2m" && daemon && watched && shown "Deny cmd reboot" &&
	shown "Escalate deny" && refused no-session $more -o no && test_expect_code 3 handseal open $in --cmd reboot 2>err </dev/null &&
	grep "system policy:1" err && test_expect_code 3 handseal open $in --ttl 3m 2>err </dev/null && grep "1 to 120 seconds" err &&
	opened $in --ttl 2m && get $in --ttl 1m -o l && refused outside-ceiling $more --ttl 1m -o no && handseal status | grep "^policy   none" &&
	grep "\"event\":\"touch\"" "$log" | tail -n 1 | sed "s/.*\"grant\":\"\([^\"]*\)\".*/\1/" | base64 -d >grant &&
	perl -MDigest::SHA=sha256 -e "local \$/; exit(index(<STDIN>, sha256(\"\")) >= 0 ? 0 : 1)" <grant && closed
'

# ---- another user

# as deploy, with folders of its own
own="HOME=$HS_HOME_deploy XDG_CONFIG_HOME=$HS_HOME_deploy/config XDG_STATE_HOME=$HS_HOME_deploy/state
	HANDSEAL_SOCK=$HS_HOME_deploy/run/sock"
me() { hs_as deploy env $own "$@"; }
test_expect_success 'it holds for every user, who cannot write it' '
	system "Deny user root" && me mkdir -m 700 $HS_HOME_deploy/config $HS_HOME_deploy/config/handseal $HS_HOME_deploy/run &&
	printf "%s\n" "$any" | me sh -c "cat >\$XDG_CONFIG_HOME/handseal/policy" &&
	hs_spawn mine setpriv --reuid=deploy --regid=deploy --clear-groups env $own "$HS_BIN/handseald" -D -a $HS_HOME_deploy/run/sock &&
	hs_wait_for "grep -q \"serving on\" $HS_TMP/mine.log" 10 && me handseal policy show >shown &&
	grep -A 1 "by line 1 of the system" shown | grep "Deny user root" &&
	test_expect_code 3 me handseal policy explain --user root --host "*" --cmd id >out && grep "system policy:1" out &&
	! me sh -c "echo >$file" 2>err && ! me rm -f $file 2>err && chmod 600 $file && ! me handseal policy reload 2>err &&
	grep "Permission denied" err && me handseal policy show | cmp shown - && chmod 644 $file && me handseal policy reload
'
hs_done
