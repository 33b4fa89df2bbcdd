#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a person sits before `handseal watch` in a terminal (tmux), sees what is asked, and
# declines it, puts it off, arms it again, enters a PIN, and touches the software key; the asker gets what
# the person decided; and the terminal is as it was afterwards, however watch ended.
test_description='handseal watch in a terminal'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
command -v tmux >/dev/null || hs_skip "tmux is not installed"
hs_ns "$0" "$@"
hs_init "$@"

dev=softkey:$HS_TMP/blue.sock
real=$XDG_RUNTIME_DIR/handseal/agent.sock
pin=82736451

tm() { tmux -f /dev/null -S "$HS_TMP/tmux.sock" "$@"; }
pane() { tm capture-pane -p >pane; }
sees() { hs_wait_for "pane && grep -q -e \"$1\" pane" 10 || { cat pane && false; }; } # sees PATTERN
misses() { hs_wait_for "pane && ! grep -q -e \"$1\" pane" 10 || { cat pane && false; }; }
# press KEY CONDITION: until it has taken effect: keys are dropped just after another asking came up; and looked for well before
# it is pressed again, which would be for what comes next
press() {
	press_=0
	hs_wait_for "{ $2; } || { test \$(((press_ += 1) % 12)) != 1 || tm send-keys $1; false; }" 10 || { cat pane && false; }
}
type_() { tm send-keys "$@"; }
# ask NAME ARG...: what a touch is needed for, in the background as NAME
ask() {
	ask_=$1
	shift
	rm -f "$ask_" "$ask_.pub" "$ask_-cert.pub"
	hs_spawn "$ask_" handseal request -o "$ask_" --agent claude --reason "backup before it" "$@" &&
		hs_wait_for "grep -q 'waits for a touch' '$HS_TMP/$ask_.log' || ! hs_alive $ask_" 10 && hs_alive "$ask_" &&
		code=$(sed -n "s/^handseal: \([2-9A-Z]*\) waits.*/\1/p" "$HS_TMP/$ask_.log")
}
ends() { hs_wait "$1" 20 && test "$HS_STATUS" = "$2" || { cat "$HS_TMP/$1.log" && false; }; } # ends NAME STATUS
watching() { type_ "handseal watch" Enter && sees "Nothing waits\|^── [2-9A-Z]\{3\} "; }
touch_() { hs_softkey blue wait 20 && hs_softkey blue touch; } # when it blinks
on() { echo "--user deploy --host $1.example.com --cmd uptime"; } # on HOST

test_expect_success 'a key, a policy, a daemon, a session of what the policy names, and a terminal' '
	hs_softkey_start blue && hs_softkey blue touch-next && handseal enroll --device "$dev" --name blue >out &&
	cat >"$XDG_CONFIG_HOME/handseal/policy" <<-\EOF &&
	Session
	    Scope deploy
	Scope deploy
	    MaxTTL 15m
	    MaxUses *
	    User deploy
	    Host web1.example.com
	    Addr *
	    Cmd uptime
	Scope dump
	    Touch always
	    Verify pin
	    MaxTTL 10m
	    MaxUses 1
	    User deploy
	    Host db1.example.com
	    Addr *
	    Cmd pg_dump -Fc web
	Agent claude
	    Scope *
	Agent unknown
	    Scope deploy
	Limits
	    Prompts 100
	    PromptsAll 100
	EOF
	chmod 600 "$XDG_CONFIG_HOME/handseal/policy" && handseal policy check && hs_handseald_start &&
	hs_softkey blue touch-next && does 0 "^Session" timeout 60 handseal open &&
	tm new-session -d -x 80 -y 24 "env PS1=ready: LC_ALL=C.UTF-8 HANDSEAL_SOCK=$real sh" && sees ready:
'
test_expect_success 'without anybody who sees it, nothing is asked: exit 3' '
	does 3 "not asked: .*(no-channel)" handseal request --agent claude --reason x $(on db1) -o n && test ! -e n &&
	does 0 "^It would be issued" handseal policy explain --scope deploy --agent claude &&
	does 3 "no-channel" handseal policy explain $(on db1) --agent claude --reason x
'
test_expect_success 'nothing waits' '
	type_ "stty -g >before; clear; echo kept" Enter && sees "^kept" && watching && sees "Nothing waits" && ! grep kept pane &&
	does 7 "^It would cost a touch" handseal policy explain $(on db1) --agent claude --reason x && grep db1 out
'
test_expect_success 'an asking stands there whole, and can be declined' '
	ask a $(on db1) && sees "^── $code claude ───" && grep "deploy@db1.example.com" pane && grep "backup before it" pane &&
	grep "\[d\]ecline  \[l\]ater" pane && press d "pane; ! grep -q \"── $code\" pane" && ends a 4 &&
	grep "$code declined. The same or more is refused until" "$HS_TMP/a.log" && test ! -e a &&
	does 3 "not asked: .*(declined-before)" handseal request --agent claude --reason x $(on db1) -o n && test ! -e n
'
test_expect_success 'touched: the asker goes on' '
	ask b $(on db2) && sees "Touch the key to allow exactly this.*[0-9] s" && grep "^── $code" pane && touch_ &&
	ends b 0 && grep "$code granted until" "$HS_TMP/b.log" && ssh-keygen -L -f b-cert.pub >cert && sees "Nothing waits" &&
	grep "granted  $code" pane
'
test_expect_success 'put off, armed again, touched, and fetched by the key alone' '
	ask c --wait 3 $(on db3) && sees "── $code" && press l "pane; grep -q \"\[a\]rm again\" pane" && ends c 7 &&
	grep "then:  handseal wait $code --key c.pub" "$HS_TMP/c.log" && test "$(stat -c %a c)" = 600 && test ! -e c-cert.pub &&
	does 0 "$code claude, put off" handseal status && grep "handseal watch" out &&
	does 7 "not answered yet" handseal wait $code --key c.pub --wait 0 && ssh-keygen -q -t ed25519 -N "" -f thief &&
	does 1 "(not-found)" handseal wait $code --key thief.pub --wait 0 && press a "pane; grep -q \"Touch the key\" pane" &&
	touch_ && sees "Nothing waits" &&
	does 0 "^[0-9a-f]\{4\}\.[0-9]* until .*c-cert.pub" handseal wait $code --key c.pub && ssh-keygen -L -f c-cert.pub >cert &&
	does 1 "(not-found)" handseal wait $code --key c.pub
'
test_expect_success 'approve and decline from another terminal' '
	ask d --wait 2 $(on db4) && sees "── $code" && press l "pane; grep -q \"\[a\]rm again\" pane" && ends d 7 &&
	hs_spawn approve handseal approve $code && touch_ && ends approve 0 &&
	grep touched "$HS_TMP/approve.log" && does 0 . handseal wait $code --key d.pub && ask e $(on db5) &&
	does 0 "declined" handseal decline $code && ends e 4
'
test_expect_success 'a PIN: wrong, then right; it is nowhere to be seen' '
	hs_softkey blue pin $pin && ask f --scope dump && sees "\[p\]IN" && press p "pane; grep -q \"PIN (it is not shown)\" pane" &&
	type_ 00000000 && pane && ! grep 0000 pane && type_ Enter && misses "PIN (it is not shown)" && sees "\[a\]rm again" &&
	grep "Put off: the PIN is wrong: [0-9]* tries are left" pane &&
	press a "pane; grep -q \"PIN (it is not shown)\" pane" && type_ "${pin}x" BSpace && pane && ! grep "${pin}" pane &&
	! tr "\0" "\n" </proc/$(pgrep -x -f "handseal watch")/environ | grep -a "$pin" &&
	type_ Enter && sees "Touch the key to allow" && touch_ && ends f 0 && sees "Nothing waits" &&
	! grep -r "$pin" "$XDG_STATE_HOME" "$HS_TMP"/*.log && does 0 . handseal show --json "$(sed -n "s/^\([0-9a-f.]*\) until.*/\1/p" "$HS_TMP/f.log")" &&
	is out "\$j->{touch}{verified}"
'
test_expect_success 'leaving the PIN with Esc sends nothing; q inside it is a letter' '
	ask g --wait 60 --scope dump && press p "pane; grep -q \"PIN (it is not shown)\" pane" && type_ qdl && type_ Escape &&
	sees "the PIN was not sent" && grep "── $code" pane && press d "pane; grep -q \"Nothing waits\" pane" && ends g 4
'
test_expect_success 'several: they are listed, and what blinks comes first' '
	ask h $(on h1) && one=$code && sees "── $one" && sees "Touch the key" && ask i $(on h2) && two=$code && sees "1 more waits" && sees "$two claude" &&
	press j "pane; grep -q \"── $two\" pane" && sees "$one blinks now: a touch would allow $one, not this" &&
	press k "pane; grep -q \"── $one\" pane" && press l "pane; grep -q \"── $two\" pane" && press d "pane; grep -q \"── $one\" pane" &&
	ends i 4 && press d "pane; grep -q \"Nothing waits\" pane" && ends h 4
'
test_expect_success 'resized, narrow and low, it is drawn anew' '
	ask j $(on r1) && sees "── $code" && tm resize-window -x 30 -y 10 && sees "── $code" && sees "\[d\]ecline" &&
	tm resize-window -x 100 -y 40 && sees "── $code claude \(─\)\{80,\}" && tm resize-window -x 80 -y 24 &&
	press d "pane; grep -q \"Nothing waits\" pane" && ends j 4
'
test_expect_success 'q gives the terminal back' '
	type_ q && sees "^kept" && sees "ready:$" && type_ "stty -g >after" Enter && hs_wait_for "test -s after" 5 &&
	test_cmp before after && test "$(tm display -p "#{cursor_flag} #{alternate_on}")" = "1 0"
'
test_expect_success 'so does TERM, and a daemon that ends' '
	watching && kill -TERM $(pgrep -x -f "handseal watch") && sees "^kept" && sees "ready:$" && rm after && type_ "stty -g >after" Enter &&
	hs_wait_for "test -s after" 5 && test_cmp before after && test "$(tm display -p "#{cursor_flag} #{alternate_on}")" = "1 0" &&
	watching && hs_stop handseald && sees "closed the connection" && sees "ready:$" && rm after && type_ "stty -g >after" Enter &&
	hs_wait_for "test -s after" 5 && test_cmp before after
'
test_expect_success 'suspended and continued' '
	hs_handseald_start && type_ "set -m; clear; echo kept" Enter && sees "^kept" && watching && type_ C-z && sees "^kept" && sees "ready:$" && rm after &&
	type_ "stty -g >after" Enter && hs_wait_for "test -s after" 5 && test_cmp before after && type_ fg Enter && sees "Nothing waits" &&
	press q "pane; grep -q \"^kept\" pane" && sees "ready:q*$" && type_ C-u
'
test_expect_success 'open with a PIN, typed at the terminal: wrong, asked again, right' '
	sed -i "s/^Session\$/&\n    Verify pin/" "$XDG_CONFIG_HOME/handseal/policy" && does 0 "in force" handseal policy reload &&
	type_ "clear; handseal open --ttl 1h" Enter && sees "^PIN of blue:" && type_ 00000000 Enter && sees "Ask again" &&
	grep "(pin-invalid)" pane && type_ y Enter && hs_wait_for "pane; test \$(grep -c \"^PIN of blue:\" pane) = 2" 10 &&
	type_ $pin Enter && touch_ && sees "^Session ....* until" && ! grep "$pin" pane &&
	does 0 "with PIN or finger" handseal status && does 0 . handseal close && rm after && type_ "stty -g >after" Enter &&
	hs_wait_for "test -s after" 5 && test_cmp before after
'
test_expect_success 'open with a PIN by askpass, and without anybody to ask' '
	printf "#!/bin/sh\necho \"\$1\" >\"$PWD/prompt\"\necho $pin\n" >askpass && chmod +x askpass && hs_softkey blue touch-next &&
	does 0 . env HANDSEAL_ASKPASS="$PWD/askpass" SSH_ASKPASS_REQUIRE=force timeout 60 handseal open --scope deploy --json &&
	grep "^PIN of blue" prompt && is out "\$j->{verified}" && does 0 . handseal close && printf "#!/bin/sh\nexit 1\n" >askpass &&
	does 4 "(touch-cancelled)" env HANDSEAL_ASKPASS="$PWD/askpass" SSH_ASKPASS_REQUIRE=force timeout 60 handseal open &&
	does 5 "(no-channel)" setsid -w handseal open && sed -i "/Verify pin\$/{2d}" "$XDG_CONFIG_HOME/handseal/policy" &&
	sed -n 2p "$XDG_CONFIG_HOME/handseal/policy" | grep Scope && does 0 "in force" handseal policy reload
'
test_expect_success 'scopes by name are made less, never more' '
	hs_softkey blue touch-next && does 2 "can only make it less" handseal open --scope deploy --max-ttl 16m &&
	does 0 "^Session" timeout 60 handseal open --scope deploy --max-ttl 10m --ttl 1h &&
	does 0 . handseal request --scope deploy --ttl 1m --uses 1 -o less --json && is out "\$j->{end}{unix} <= time + 61" &&
	is out "\$j->{scope} =~ /^max-uses 1\$/m" && does 2 "can only make it less" handseal request --scope deploy --ttl 1h -o n &&
	does 1 "(not-found)" handseal request --scope nonesuch -o n && does 2 "^handseal: --uses: " handseal open --scope deploy --uses x &&
	test ! -e n && does 0 . handseal close
'
test_expect_success 'rule6: a text other than the one that was shown: nothing is written' '
	hs_spawn w handseal watch && hs_softkey blue touch-next && timeout 60 handseal open >out && hs_softkey blue touch-next &&
	does 0 . handseal request --agent claude $(on web1) -o o && perl -MMIME::Base64 -ne "print decode_base64((split / /)[1])" \
		o-cert.pub >o.blob && hostile asked_shown "$real" && hs_softkey blue touch-next &&
	does 1 "the touch was for another text" handseal request --agent claude --reason x $(on s1) -o s && test ! -e s &&
	hostile asked_cert "$real" "$PWD/o.blob" && hs_softkey blue touch-next &&
	does 1 "Nothing was written" handseal request --agent claude --reason x $(on s2) -o s && test ! -e s && honest
'
test_expect_success 'events that were missed: what waits no longer vanishes, and a PIN stays with the text it was typed for' '
	hostile typed && type_ "clear; HANDSEAL_SOCK=$fake handseal watch" Enter && sees "^── 4F7 claude" && sees "1 more waits" &&
	press p "pane; grep -q \"PIN (it is not shown)\" pane" && type_ 1234 && : >"$fake.missed" && misses "1 more waits" &&
	grep "anew: events were missed" pane && grep "PIN (it is not shown)" pane && : >"$fake.other" && sees "^ three" &&
	sees "it waits no longer, and the PIN was dropped" && type_ Enter && pane && grep "\[p\]IN" pane &&
	! grep answer "$fake.asked" && type_ q && sees "ready:$" && honest
'
test_expect_success 'the end of the terminal' 'hs_stop w && tm kill-server'
hs_done
