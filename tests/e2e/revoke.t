#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what was handed out is taken back, by id, agent, session, root and all, with everything below it;
# that is on disk before it is said and outlives kill -9; stock sshd and ssh-keygen read the lists; a seat signs no more.
test_description='taking back'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

state=$XDG_STATE_HOME/handseal
log=$state/audit.jsonl
in="--user other --host web1.example.com"
base='Agent claude
    Scope *
Agent codex
    Scope *
Agent unknown
    Scope *
Limits
    Prompts 100
    PromptsAll 100'
opened() { handseal close >/dev/null 2>&1; hs_softkey blue touch-next && timeout 30 handseal open --user other --user deploy --host web1.example.com --cmd '*' --ttl 1h --depth 2 >opened.out && session=$(session); }
session() { handseal status --json | tr -d ' \n' | sed -n 's/.*"session":{[^}]*"id":"\([0-9a-f]*\)".*/\1/p'; }
# cert NAME [ARG...]: a certificate for other; its id in $id
cert() { c=$1 && shift && rm -f "$HS_TMP/$c" "$HS_TMP/$c.pub" "$HS_TMP/$c-cert.pub" && handseal request -o "$HS_TMP/$c" $in --cmd '*' --json "$@" >req && id=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' req) && test -n "$id"; }
login() { hs_ssh -i "$HS_TMP/$1" -o CertificateFile="$HS_TMP/$1-cert.pub" other@127.0.0.1 id -un; }
krl() { handseal krl -o "$HS_TMP/revoked.krl"; }
# is_revoked NAME, isnt_revoked NAME: by the KRL of its session, as ssh-keygen reads it
is_revoked() { test_expect_code 1 ssh-keygen -Q -f "$state/krl/$session.krl" "$HS_TMP/$1-cert.pub" >q && grep REVOKED q; }
isnt_revoked() { test ! -e "$state/krl/$session.krl" || ssh-keygen -Q -f "$state/krl/$session.krl" "$HS_TMP/$1-cert.pub" >q; }
killed() { kill -KILL $(hs_pid handseald) && hs_wait handseald 5; hs_stop watcher; daemon "$@" && watched; }
# seat NAME SCOPE AGENT: in the background; its socket in $seat, its id in $sid
seat() { s_=$1 && shift && rm -f "$HS_TMP/$s_.in" && mkfifo "$HS_TMP/$s_.in" && hs_spawn "$s_" sh -c 'exec seatctl make 0 "$@" <"$0"' "$HS_TMP/$s_.in" "$@" && eval "exec $(fd_of $s_)>$HS_TMP/$s_.in" &&
	hs_wait_for "grep -qs '^seated' $HS_TMP/$s_.log || ! hs_alive $s_" 10 && seat=$(sed -n 's/^socket //p' "$HS_TMP/$s_.log") && sid=$(sed -n 's/^id //p' "$HS_TMP/$s_.log") && test -S "$seat" || { cat "$HS_TMP/$s_.log" && false; }; }
fd_of() { case $1 in a) echo 7 ;; b) echo 8 ;; *) echo 9 ;; esac; }
ended() { eval "echo end >&$(fd_of $1)" && hs_wait $1 10; }
scope() { printf '%s\n' "max-ttl 900" "max-uses *" "depth ${1:-0}" "" "addr *" "host web1.example.com" "user deploy" "cmd id ..." >s; }
on() { SSH_AUTH_SOCK=$seat HANDSEAL_SOCK=$seat "$@"; }
opts() { echo "$HS_SSH_OPTS" | sed "s/-o IdentityAgent=none//; s/-o IdentitiesOnly=yes/-o IdentityFile=none/"; }
as_agent() { on ssh $(opts) deploy@127.0.0.1 id -un; }

test_expect_success 'a key, a daemon, an sshd that takes the session'\''s certificates but for a KRL' '
	policy "KnownHosts $HS_TMP/known" "$base" && hs_softkey_start blue && hs_softkey_start spare && daemon &&
	for k in blue spare; do hs_softkey $k touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/$k.sock --name $k || return 1; done &&
	krl && test -s "$HS_TMP/revoked.krl" && hs_sshd_start "RevokedKeys $HS_TMP/revoked.krl" && echo "HostName web1.example.com" >$HS_SERVER/verify.conf && watched &&
	handseal roots --pub >pub && key=$(grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" pub | head -n 1) && echo "users=\"deploy,other\" $key blue" >$HS_SERVER/roots && echo "web1.example.com $(cut -d" " -f1,2 "$HS_TMP/ssh_host_ed25519_key.pub")" >"$HS_TMP/known"
'
test_expect_success 'the list is there from the start; its key is for its owner alone' '
	opened && test -s "$state/lists/$session.list" && test ! -e "$state/krl/$session.krl" &&
	test "$(stat -c %a "$state/sessions/$session.key")" = 600 && test "$(stat -c %a "$state/sessions/$session.index")" = 600 && test "$(stat -c %a "$state/lists/$session.list")" = 644 &&
	handseal krl --json >j && grep "\"session\": *\"$session\"" j && grep "\"serials\": *0" j
'
test_expect_success 'by id: that one and no other, for ssh-keygen and stock sshd' '
	cert one --agent claude && one=$id && cert two --agent claude && two=$id && cert three --agent codex && three=$id &&
	ca=$("$HS_BIN/handseal-verify" --config $HS_SERVER keys other $(cut -d" " -f1,2 "$HS_TMP/one-cert.pub") | grep -o "ssh-ed25519 [A-Za-z0-9+/=]*$") && test -n "$ca" &&
	mkdir -p "$HS_ROOT/home/other/.ssh" && echo "cert-authority,principals=\":handseal\" $ca" >"$HS_ROOT/home/other/.ssh/authorized_keys" && chown -R other "$HS_ROOT/home/other/.ssh" &&
	test "$(login one)" = other && test "$(login two)" = other &&
	handseal revoke $one >out && cat out && grep "^Revoked in session .*: 1 certificate, 0 seats\." out && grep "lists/$session.list" out && is_revoked one && isnt_revoked two &&
	krl && ! login one && test "$(login two)" = other && grep -i "revoked" "$HS_TMP/sshd.log"
'
test_expect_success 'it is not listed any more, and on record; the revocation is a line of its file' '
	handseal list >l && ! grep "\.${one#*.} " l && grep "\.${two#*.} " l && test_expect_code 1 handseal show $one &&
	grep "\"event\":\"revoke\".*\"session\":\"$session\",\"code\":\"ok\",\"sentence\":\"by id\",\"serial\":\"${one#*.}\"" "$log" &&
	grep -E "^[0-9]+ $session ${one#*.} [0-9]+$" "$state/revoked" && test "$(stat -c %a "$state/revoked")" = 600
'
test_expect_success 'twice is once, short ids will do, and what is not there is not found' '
	lines=$(wc -l <"$state/revoked") && handseal revoke --json $(echo $one | cut -c1-4).${one#*.} >j && grep "\"certificates\": *0" j && grep "\"before\": *1" j && test $lines = $(wc -l <"$state/revoked") &&
	test_expect_code 1 handseal revoke $session.999 2>err && grep "nothing of that name" err && test_expect_code 1 handseal revoke 0000000000000000.1 && test_expect_code 1 handseal revoke --agent nobody &&
	test_expect_code 1 handseal revoke --session 0000000000000000 && test_expect_code 1 handseal revoke --root SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA &&
	test_expect_code 1 handseal revoke x --json >j && grep "\"code\": *\"usage\"" j; test_expect_code 2 handseal revoke && test_expect_code 2 handseal revoke --all --agent x && test_expect_code 2 handseal revoke --all x
'
test_expect_success 'rule5: kill -9 right after the answer: it is remembered, and its list is there' '
	handseal revoke $two >out && kill -KILL $(hs_pid handseald) && hs_wait handseald 5; is_revoked two && isnt_revoked three &&
	test_expect_code 6 handseal revoke $three && killed && grep -E "^[0-9]+ $session ${two#*.} " "$state/revoked" &&
	handseal revoke --json $two >j && grep "\"before\": *1" j && is_revoked one && is_revoked two
'
test_expect_success 'rule5: a session of a daemon that is gone: by id, by agent, and as a whole' '
	handseal revoke --agent codex >out && grep ": 1 certificate, 0 seats" out && is_revoked three && krl && ! login three &&
	v=$(handseal krl --json | tr -d " \n" | grep -o "\"version\":[0-9]*,\"issued" | head -n 1) && handseal revoke --session $session >out && grep "^Session .* revoked, with all" out &&
	handseal krl --json | tr -d " \n" | grep "\"whole\":true" && test "$v" != "$(handseal krl --json | tr -d " \n" | grep -o "\"version\":[0-9]*,\"issued" | head -n 1)"
'
# life ID: what its life in the log tells of being revoked
life() { handseal audit show --log "$log" "$1" >shown && grep " revoke " shown; }
test_expect_success 'several at once, and all below: the log says of each that it was, and of no other' '
	opened && for i in 1 2 3 4 5; do cert n$i --agent a$((i % 2)) && eval n$i=$id || return 1; done && handseal revoke $n2 $n5 >out && handseal revoke --agent a1 >out && is_revoked n3 && is_revoked n5 && isnt_revoked n4 &&
	life $n2 && life $n5 && life $n1 && life $n3 && ! life $n4 && grep "\"event\":\"revoke\".*\"serial\":\"${n2#*.}\",\"serials\":\"${n2#*.},${n5#*.}\"" "$log" && grep "\"event\":\"revoke\".*\"agent\":\"a1\".*\"serials\":\"${n1#*.},${n3#*.}\"" "$log" &&
	handseal audit report -o page.html && for n in $n1 $n2 $n3 $n5; do tr "\n" " " <page.html | grep -o "<tr class=\"off\"><td data-l=\"ID\"><code>$(echo $n | cut -c1-4).${n#*.}</code>" || return 1; done && ! grep "off.*$(echo $n4 | cut -c1-4)\.${n4#*.}</code>" page.html
'
test_expect_success 'after close: the list is written by the key on disk; close --revoke does both' '
	opened && cert one && one=$id && handseal close && handseal revoke $one >out && is_revoked one && grep "^end$" "$state/sessions/$session.index" &&
	opened && cert two && handseal close --revoke >out && cat out && grep "^Session .* revoked" out && is_revoked two && ! handseal status | grep "^open" &&
	test_expect_code 5 handseal close --revoke && grep "\"event\":\"close\".*\"sentence\":\"revoked\"" "$log"
'
test_expect_success 'a server with handseal-verify takes the lists as they are, and of both machines'\'' sessions' '
	mkdir -m 755 "$HS_TMP/synced" && printf "%s\n" "HostName web1.example.com" "Revocations $HS_TMP/synced" >$HS_SERVER/verify.conf && opened && handseal request -o "$HS_TMP/dep" --user deploy --host web1.example.com --cmd "id -un" --json >req && dep=$(sed -n "s/.*\"id\": *\"\([^\"]*\)\".*/\1/p" req) &&
	cp "$state"/lists/*.list "$HS_TMP/synced" && test "$(hs_ssh -i "$HS_TMP/dep" deploy@127.0.0.1 id -un)" = deploy && handseal-verify --config $HS_SERVER explain "$HS_TMP/dep-cert.pub" >x && grep "revoked  no, says the list of" x &&
	handseal revoke $dep && cp "$state"/lists/*.list "$HS_TMP/synced" && : >"$HS_TMP/syslog" && ! hs_ssh -i "$HS_TMP/dep" deploy@127.0.0.1 id -un && hs_wait_for "grep -q \"refused deploy: revoked\" $HS_TMP/syslog" 5 && ! grep "does not count" "$HS_TMP/syslog" &&
	test_expect_code 3 handseal-verify --config $HS_SERVER explain "$HS_TMP/dep-cert.pub" >x && grep "revoked  YES" x
'
test_expect_success 'by root: the sessions that it touched for, the open one too; by all: whatever lives' '
	opened && cert one && fp=$(handseal status --json | grep -o "SHA256:[A-Za-z0-9+/]*") && spare=$(handseal roots --json | grep -o "SHA256:[A-Za-z0-9+/]*" | grep -v -F "$fp") && test_expect_code 1 handseal revoke --root $spare && isnt_revoked one &&
	handseal revoke --root $fp >out && grep "^Session $(echo $session | cut -c1-4) revoked" out && is_revoked one && ! handseal status | grep "^open" &&
	opened && cert two && two=$session && handseal close && opened && cert three && handseal revoke --all >out && grep "^Session $(echo $session | cut -c1-4) revoked" out && grep "^Session $(echo $two | cut -c1-4) revoked" out && is_revoked three && krl && ! login three
'
test_expect_success 'a seat'\''s next signature is refused, while its ssh runs on; why says so; its certificates are gone' '
	opened && scope && seat a s claude && test "$(as_agent)" = deploy && { while as_agent >loop.out 2>&1; do echo one >>loops; done & loop=$!; } && hs_wait_for "test -s loops" 10 &&
	handseal revoke $sid >out && grep ": [0-9]* certificates*, 1 seat" out && ! as_agent && wait $loop; ! as_agent && handseal list >l && grep "\.${sid#*.} .* REVOKED  *[0-9]*/" l && handseal list --json | tr -d " \n" | grep "\"id\":\"$sid\".*\"revoked\":true" &&
	! on ssh-add -L && on seatctl why "" "" >w && grep "^code revoked" w && noted "\"event\":\"refuse\".*\"code\":\"revoked\"" && n=$(grep -c "\"event\":\"sign\"" "$log") && ! as_agent && test $n = $(grep -c "\"event\":\"sign\"" "$log") &&
	! on handseal request $in --cmd uptime --reason x && HANDSEAL_SOCK=$seat test_expect_code 3 seatctl make 0 s tests </dev/null >o && grep "^refused revoked" o && ended a
'
test_expect_success 'a certificate of a seat stands for its seat' '
	seat a s claude && on ssh-add -L | cut -d" " -f1,2 >"$HS_TMP/seat-cert.pub" && serial=$(ssh-keygen -L -f "$HS_TMP/seat-cert.pub" | sed -n "s/.*Serial: //p") &&
	handseal revoke $session.$serial && ! as_agent && is_revoked seat && ended a
'
test_expect_success 'the subtree: seats below seats go along, what is beside stays; each stands in the list' '
	scope 2 && seat a s claude && aid=$sid && aseat=$seat && main=$HANDSEAL_SOCK && HANDSEAL_SOCK=$aseat && scope 1 && seat b s tests && HANDSEAL_SOCK=$main && bid=$sid && bseat=$seat && test "$(as_agent)" = deploy &&
	on ssh-add -L | cut -d" " -f1,2 >"$HS_TMP/below-cert.pub" && scope && seat c s codex && cseat=$seat && test "$(as_agent)" = deploy && on ssh-add -L | cut -d" " -f1,2 >"$HS_TMP/beside-cert.pub" &&
	handseal revoke $aid >out && grep "2 seats" out && seat=$bseat && ! as_agent && seat=$aseat && ! as_agent && seat=$cseat && test "$(as_agent)" = deploy && is_revoked below && isnt_revoked beside &&
	handseal revoke --agent codex && ! as_agent && is_revoked beside && ended c && ended b && ended a
'
test_expect_success 'on a seat: its own and what is below, nothing else' '
	cert one --agent codex && one=$id && scope 2 && seat a s claude && aid=$sid && aseat=$seat && main=$HANDSEAL_SOCK && HANDSEAL_SOCK=$aseat && scope 1 && seat b s tests && HANDSEAL_SOCK=$main && bid=$sid && bseat=$seat && scope && seat c s codex && cid=$sid && cseat=$seat &&
	seat=$aseat && test_expect_code 1 on handseal revoke $one && test_expect_code 1 on handseal revoke $cid && test_expect_code 1 on handseal revoke --agent codex && test_expect_code 1 on handseal revoke --session $session && isnt_revoked one &&
	seat=$bseat && test_expect_code 1 on handseal revoke $aid && seat=$cseat && test "$(as_agent)" = deploy && seat=$aseat && on handseal revoke $bid && test "$(as_agent)" = deploy && seat=$bseat && ! as_agent &&
	seat=$aseat && on handseal revoke --all && ! as_agent && seat=$cseat && test "$(as_agent)" = deploy && isnt_revoked one && ended c && ended b && ended a
'
test_expect_success 'lists are written anew while something lives; a daemon that begins does so for those before it' '
	v=$(handseal krl --json | tr -d " \n" | grep -o "\"session\":\"$session\",\"version\":[0-9]*") && killed HANDSEAL_LISTS_SECONDS=1 &&
	hs_wait_for "handseal krl --json | tr -d \" \\n\" | grep -o \"\\\"session\\\":\\\"$session\\\",\\\"version\\\":[0-9]*\" >v && test \"\$(cat v)\" != \"\$v\"" 10 && is_revoked beside
'
test_expect_success 'rule5: half a line is cut off, on record; a line that is none keeps the daemon from starting' '
	hs_stop watcher && hs_stop handseald && printf "1795485600 %s 4" $session >>"$state/revoked" && daemon && hs_wait_for "grep -q \"\\\"torn\\\".*revoked\" $log" 5 && ! tail -n 1 "$state/revoked" | grep "^1795485600 $session 4" &&
	hs_stop handseald && cp "$state/revoked" keep && echo "nonsense" >>"$state/revoked" && ! daemon && grep "revoked, line [0-9]*: this is no record" "$HS_TMP/handseald.log"; cp keep "$state/revoked" && daemon && watched
'
test_expect_success 'rule9: a disk that takes nothing: refused, with why; the daemon signs no more all the same; it heals' '
	hs_stop watcher && hs_stop handseald && mount -t tmpfs -o size=64k,mode=700 tmpfs "$state/lists" && daemon && watched && opened && scope && seat a s claude && test "$(as_agent)" = deploy &&
	on ssh-add -L | cut -d" " -f1,2 >"$HS_TMP/seat-cert.pub" && { head -c 100000 /dev/zero >"$state/lists/full" 2>/dev/null || true; } &&
	test_expect_code 3 handseal revoke $sid --json >j && grep "\"code\": *\"io-failed\"" j && grep "No space left" j && grep "signs nothing for it any more" j && ! as_agent && isnt_revoked seat && ls -a "$state/lists" && ! ls -a "$state/lists" | grep -F .new- &&
	grep "\"event\":\"refuse\".*\"code\":\"io-failed\"" "$log" && rm "$state/lists/full" && handseal revoke $sid >out && is_revoked seat && ended a
'
test_expect_success 'rule4: where a session could not be revoked later, none is opened' '
	handseal close && { head -c 100000 /dev/zero >"$state/lists/full" 2>/dev/null || true; } && ! opened && ! handseal status | grep "^open" && rm "$state/lists/full" && opened &&
	hs_stop watcher && hs_stop handseald && umount "$state/lists" && daemon && watched
'
test_expect_success 'the index is not complete after a power cut: more than was named, rather than less' '
	opened && cert one --agent claude && cert two --agent codex && kill -KILL $(hs_pid handseald) && hs_wait handseald 5; sed -i "1s/.*/boot 00000000-0000-0000-0000-000000000000/" "$state/sessions/$session.index" && daemon && watched &&
	handseal revoke --agent claude >out && grep "^Session .* revoked" out && is_revoked two
'
hs_done
