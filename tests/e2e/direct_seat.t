#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a seat with a direct certificate, on servers that have nothing of ours: real ssh, git and rsync log in
# below `handseal run --direct`; it signs within its scope and until its end, and no more once it is revoked, closed or
# over; what was revoked is in the KRL that stock sshd reads, also after kill -9. Declined, parked, denied, with a PIN.
test_description='seats with direct certificates'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/late.sh"
for p in rsync git; do command -v $p >/dev/null || hs_skip "$p is not installed"; done
hs_ns "$0" "$@"
hs_init "$@"
. "$HS_SRC/tests/lib/direct.sh"

state=$XDG_STATE_HOME/handseal
HOME=$(getent passwd root | cut -d: -f6) # where ssh looks, whatever HOME says
mount -t tmpfs -o mode=0700 tmpfs "$HOME" && mkdir -m 700 "$HOME/.ssh" || hs_fail_ "no home of our own"
# run NAME ARG... -- CMD...: below a seat, in the background until it ends; touched
run() {
	run_=$1
	shift
	hs_spawn "$run_" handseal run --agent claude "$@" && hs_softkey blue wait 15 && hs_softkey blue touch
}
ran() { # NAME STATUS [TEXT]
	hs_wait "$1" 20 && test "$HS_STATUS" = "${2:-0}" && grep -q -e "${3-}" "$HS_TMP/$1.log" || { cat "$HS_TMP/$1.log" && false; }
}
# inside NAME CMD...: in the seat of the program NAME, which is `hold`
inside() {
	inside_=$1
	shift
	env SSH_AUTH_SOCK="$(cat "$HS_TMP/$inside_.sock")" HANDSEAL_SOCK="$(cat "$HS_TMP/$inside_.sock")" "$@"
}
hold() { # NAME ARG...: a seat that is there until `release NAME`
	hold_=$1
	shift
	rm -f "$HS_TMP/$hold_.sock" "$HS_TMP/$hold_.go" && mkfifo "$HS_TMP/$hold_.go" &&
		run "$hold_" "$@" -- sh -c 'echo "$SSH_AUTH_SOCK" >"$0.tmp" && mv "$0.tmp" "$0.sock" && cat "$0.go" >/dev/null' "$HS_TMP/$hold_" &&
		hs_wait_for "[ -s $HS_TMP/$hold_.sock ]" 10
}
release() { echo >"$HS_TMP/$1.go" && hs_wait "$1" 10; }
login() { # NAME ARG...
	login_=$1
	shift
	inside "$login_" ssh $(echo "$HS_SSH_OPTS" | sed "s/-o IdentityAgent=none//; s/-o IdentitiesOnly=yes/-o IdentityFile=none/") "$@" </dev/null
}
held() { SSH_AUTH_SOCK=$(cat "$HS_TMP/$1.sock") ssh-add -L; }
serials() { grep -o "\"direct\":\"[^\"]*\"" "$log" | cut -d'"' -f4 | while read -r c; do
	echo "ssh-ed25519-cert-v01@openssh.com $c" >c-cert.pub && ssh-keygen -L -f c-cert.pub | sed -n "s/^ *Serial: //p"; done; }
revoked() { handseal krl -o "$HS_TMP/all.krl" >out && cat out && echo "ssh-ed25519-cert-v01@openssh.com $1" >q-cert.pub && { ssh-keygen -Q -f "$HS_TMP/all.krl" q-cert.pub >q; grep REVOKED q; }; }
newest() { grep -o "\"direct\":\"[^\"]*\"" "$log" | tail -n 1 | cut -d'"' -f4; }
config() {
	cat >"$HOME/.ssh/config" <<-EOC
		Host web
		    HostName 127.0.0.1
		    Port $HS_PORT
		    User deploy
		    BatchMode yes
		    UserKnownHostsFile $HS_TMP/known_hosts
	EOC
}

set -f
direct_begin
test_expect_success 'one touch a seat: ssh, git and rsync below it, and nothing of ours on the server' '
	config && hs_as deploy git init -q --bare -b main "$HS_HOME_deploy/r.git" && git init -q -b main work && git -C work config user.name A &&
	git -C work config user.email a@example.com && git -C work commit -q --allow-empty -m first && echo hello >f &&
	run s --direct --user deploy --host * --cmd * --ttl 1h -- sh -ec "test \$(ssh web id -un) = deploy; git -C work push -q web:r.git main; rsync -e ssh f web:g; ssh web cat g" &&
	ran s 0 "^hello" && test "$(hs_as deploy git -C "$HS_HOME_deploy/r.git" log --format=%s main)" = first && grep "seat .* for claude, with one direct certificate that is not renewed, until" "$HS_TMP/s.log" &&
	test $(grep -c "\"event\":\"touch\"" "$log") = 1 && grep "\"event\":\"sign\".*\"user\":\"deploy\"" "$log"
'
test_expect_success 'when its command has ended it is revoked, and its KRL says so to stock sshd' '
	revoked "$(newest)" && grep "and 1 direct certificate merged" out && test -z "$(ls "$state"/lists)" && (set +f && ssh-keygen -Q -l -f "$state"/krl/*.krl) >kept && grep -x "serial: $(serials | tail -n 1)" kept
'
test_expect_success 'a scope that says Trust direct is asked for so by its name, with no flag' '
	policy "Scope web" "    Trust direct" "    MaxTTL 10m" "    MaxUses *" "    User deploy" "    Host *" "    Addr *" "    Cmd *" \
		"Scope box" "    Trust chain" "    MaxTTL 10m" "    MaxUses *" "    User box" "    Host *" "    Addr *" "    Cmd *" \
		"Scope plain" "    MaxTTL 10m" "    MaxUses *" "    User deploy" "    Host web1" "    Addr *" "    Cmd id" "$base" &&
	hold a --scope web && held a | grep -c cert-v01 | grep -x 1 && held a | cut -d" " -f1,2 >c-cert.pub && ssh-keygen -L -f c-cert.pub >L && grep "Key ID: \"handseal:direct:[0-9]*:claude\"" L &&
	test "$(login a $at id -un)" = deploy && handseal list >out && cat out && handseal list --json >out && is out "\$j->{certificates}[0]{direct} == 1"
'
test_expect_success 'open refuses such a scope, alone or with others, and says how it is asked for' '
	for s in web web,plain; do
		test_expect_code 3 timeout 20 handseal open --scope $s >said 2>err && grep "the scope web says Trust direct (policy:1).*(touch-each-time)" err && grep -e "handseal run --scope web, or handseal request --scope web, which are --direct" err || { cat err && return 1; }
	done && test $(grep -c "\"event\":\"touch\"" "$log") = 2 && grep "\"event\":\"refuse\".*\"code\":\"touch-each-time\"" "$log" &&
	test_expect_code 3 handseal policy explain --opening --scope web 2>err && grep touch-each-time err && test_expect_code 7 handseal policy explain --opening --scope plain >said && grep "opening a session" said &&
	test_expect_code 7 handseal policy explain --scope web --agent claude --reason x >said && grep "each direct certificate costs a touch" said
'
test_expect_success 'show tells of it, and its id is the session'\''s' '
	id=$(field out "\$j->{certificates}[0]{id}") && handseal show $id >shown && cat shown && grep "^chain *certificate ← root: 1 signature good" shown && grep "^direct *until" shown &&
	grep "^serial *$(serials | tail -n 1) " shown && handseal show --json $id | grep "\"direct\": true"
'
test_expect_success 'it signs for nobody else, also where a server would let that in, and for no message' '
	echo deploy >"$HS_TMP/principals" && stock "TrustedUserCAKeys $HS_TMP/blue.pub" "AuthorizedPrincipalsFile $HS_TMP/principals" &&
	! login a other@127.0.0.1 true && noted "\"event\":\"refuse\".*\"code\":\"user-outside-scope\".*\"user\":\"other\"" && test "$(login a $at id -un)" = deploy &&
	held a | head -n 1 | cut -d" " -f1,2 >"$HS_TMP/k.pub" && echo x >m && ! inside a ssh-keygen -Y sign -n git -f "$HS_TMP/k.pub" m &&
	noted "\"event\":\"refuse\".*\"ns\":\"git\"" && stock "TrustedUserCAKeys $HS_TMP/blue.pub" && config
'
test_expect_success 'nothing can be passed on below it, directly or not' '
	! inside a timeout 20 handseal run --direct --user deploy --host * --cmd * -- true 2>err && grep not-enforceable err &&
	! inside a timeout 20 handseal run --user deploy --host * --cmd * -- true 2>err && grep outside-ceiling err
'
test_expect_success 'rule5: revoked, it signs no more, lists nothing, and is in the KRL that a server reads' '
	cert=$(held a | cut -d" " -f2) && handseal revoke $id >out && cat out && ! grep "list [0-9]" out && grep "for stock sshd  $state/krl" out && ! held a && ! login a $at true &&
	revoked "$cert" && stock "TrustedUserCAKeys $HS_TMP/blue.pub" "RevokedKeys $HS_TMP/all.krl" && config && direct other $any && test "$(with other $at id -un)" = deploy && release a
'
test_expect_success 'one that was handed out is refused there, once it is revoked' '
	handseal list --json >out && oid=$(field out "\$j->{certificates}[0]{id}") && handseal revoke $oid && handseal krl -o "$HS_TMP/all.krl" && shut other revoked $at true
'
test_expect_success 'close ends it: the key is gone with the session' '
	hold b --direct --user deploy --host * --cmd * --ttl 10m && test "$(login b $at id -un)" = deploy && handseal close && ! login b $at true 2>/dev/null && release b
'
test_expect_success 'it is not renewed: at its end it lists nothing' '
	in_time 4 "hold c --direct --user deploy --host * --cmd * --ttl \${life}s && test \"\$(login c $at id -un)\" = deploy && cert=\$(held c | cut -d\" \" -f2) && test -n \"\$cert\"" "release c" && hs_wait_for "! held c >/dev/null 2>&1" 20 && ! login c $at true 2>/dev/null && release c
'
test_expect_success 'a reload that says Trust chain ends its signing; one that takes it back gives it back' '
	hold d --direct --user deploy --host * --cmd * --ttl 10m && policy "Scope box" "    Trust chain" "    MaxTTL 10m" "    MaxUses *" "    User deploy" "    Host *" "    Addr *" "    Cmd *" "$base" &&
	! login d $at true 2>/dev/null && policy "$base" && test "$(login d $at id -un)" = deploy && policy "Escalate deny" "$base" && test "$(login d $at id -un)" = deploy && policy "$base"
'
test_expect_success 'what a person denied beforehand, no touch makes direct; what is not to be asked for is refused, with the reason' '
	policy "Deny user root" "Scope box" "    Trust chain" "    MaxTTL 10m" "    MaxUses *" "    User box" "    Host *" "    Addr *" "    Cmd id" "$base" && k=$HS_TMP/any.pub && ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/any" &&
	refused denied-by-policy --direct --key $k --user root --host * --cmd id && refused denied-by-policy --direct --key $k --user box --host * --cmd id && grep "Trust chain" out &&
	policy "Escalate deny" "$base" && refused escalation-off --direct --key $k --user deploy --host * --cmd id && grep "Escalate deny" out &&
	policy "Agent unknown" && refused agent-not-allowed --direct --key $k --user deploy --host * --cmd id && policy "Session" "    MaxTTL 2m" "$base" &&
	direct short --user deploy --host * --cmd * --ttl 1h && grep "\"event\":\"ask\"" "$log" | tail -n 1 | grep "for 2 min from the touch" && policy "$base"
'
test_expect_success 'declined: exit 4, and the same is refused for a while; a chain is another asking' '
	ask no --direct --key $k --user deploy --host * --cmd uptime && handseal decline $code && ends no 4 "touch-declined" && refused declined-before --direct --key $k --user deploy --host * --cmd uptime
'
test_expect_success 'nobody comes: parked, touched later, fetched by its key' '
	release d && handseal close && daemon HANDSEAL_TOUCH_SECONDS=1 && watched && test_expect_code 7 timeout 20 handseal request --direct --key $k $any --wait 3s 2>err && code=$(sed -n "s/^handseal: \([2-9A-Z]*\) waits for a touch.*/\1/p" err) &&
	hs_softkey blue touch-next && timeout 20 handseal approve $code && timeout 20 handseal wait $code --key $k && test "$(with any $at id -un)" = deploy && daemon && watched
'
test_expect_success 'rule5: kill -9, and it can be revoked still, by whichever daemon there is then' '
	direct any $any --agent killed && hold e --direct --user deploy --host * --cmd * --ttl 10m && cert=$(held e | cut -d" " -f2) && kill -KILL $(hs_pid handseald) && hs_wait handseald 5 && release e && daemon && watched &&
	handseal revoke --agent claude && revoked "$cert" && ! revoked "$(cut -d" " -f2 "$HS_TMP/any-cert.pub")" && handseal revoke --root "$(ssh-keygen -lf "$HS_TMP/blue.pub" | cut -d" " -f2)" && revoked "$(cut -d" " -f2 "$HS_TMP/any-cert.pub")"
'
# taken from the record of the last touch, as any program of the user could
fromlog() { grep "\"event\":\"touch\"" "$log" | tail -n 1 | sed -n "s/.*\"direct\":\"\([^\"]*\)\".*/\1/p"; }
test_expect_success 'rule5: what cannot be noted to be taken back is neither handed out nor in the log' '
	before=$(fromlog) && ask away --direct --key "$HS_TMP/any.pub" $any && hs_softkey blue wait 10 && mv "$state/sessions" "$HS_TMP/aside" && rm -rf "$HS_TMP/aside" && hs_softkey blue touch && ends away 3 "io-failed" &&
	test "$(fromlog)" = "$before" && grep "\"event\":\"touch-failed\".*\"code\":\"io-failed\"" "$log" && mkdir -m 700 "$state/sessions" && daemon && watched
'
test_expect_success 'the log is whole, and proven up to the last touch' '
	handseal audit verify >out || { cat out && false; }
'
test_expect_success 'the log and the server'\''s agree on each login, and on whose touch it was' '
	direct last $any --agent last && with last $at true && grep "ID handseal:direct:[0-9]*:last " "$HS_TMP/sshd.log" && handseal audit verify --server "$HS_TMP/sshd.log" >out && cat out &&
	grep "logins by handseal.s certificates, 0 without a touch" out && sed "s/ID handseal:direct:[0-9]*:last (serial [0-9]*)/ID handseal:direct:77:last (serial 77)/" "$HS_TMP/sshd.log" >forged &&
	! handseal audit verify --server forged >out && grep "NO TOUCH .*no record is of its certificate" out
'
test_expect_success 'evidence of it, for who has the root alone; not of another certificate' '
	handseal list --json >out && id=$(field out "(grep { \$_->{agent} eq q(last) } @{\$j->{certificates}})[0]{id}") && handseal audit evidence $id -o ev && cat ev | cut -c1-120 &&
	echo "users=\"*\" $key" >r && handseal-verify evidence ev --roots r >out || { cat out && false; } && cat out && grep "^ *deploy on any host   any command, and an interactive shell" out && handseal audit evidence $id --cert "$HS_TMP/last-cert.pub" -o ev2 && handseal-verify evidence ev2 --roots r &&
	direct more $any && handseal audit evidence $id --cert "$HS_TMP/more-cert.pub" -o ev3 && ! handseal-verify evidence ev3 --roots r
'
test_expect_success 'report, export and show read it' '
	handseal audit report -o rep.html && grep "for one direct certificate" rep.html && handseal audit export --format ocsf >ocsf && grep "user deploy" ocsf && handseal audit show $id >out && cat out && grep touch out
'
test_expect_success 'a key that wants its PIN: the certificate says that it was given' '
	hs_softkey blue pin caffe-2468 && roots=$XDG_CONFIG_HOME/handseal/roots && sed -i "s/^Verify .*/Verify pin/" "$roots/blue" && rm "$HS_TMP/any-cert.pub" &&
	ask p --direct --key $k $any && echo caffe-2468 >pinfile && agentctl answer $code arm pinfile && hs_softkey blue wait 10 && hs_softkey blue touch && ends p 0 "" && with any $at true &&
	hs_stop sshd && echo "HostName web1.example.com" >$HS_SERVER/verify.conf && echo "users=\"deploy\",direct,require-uv $key" >$HS_SERVER/roots && hs_sshd_start && with any $at true
'
hs_done
