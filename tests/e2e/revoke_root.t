#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a root's touch takes back from any machine where it is enrolled, without daemon or session, what stands under
# it and nothing else: a live delegation and a direct certificate are refused by a real sshd with handseal-verify, and by stock sshd.
test_description='taking back by a root'\''s touch'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_ns "$0" "$@"
hs_init "$@"

lists=$HS_TMP/lists
base='Agent unknown
    Scope *
Limits
    Prompts 100
    PromptsAll 100'
conf() { hv_conf "HostName web1.example.com" "Revocations $lists" "$@"; }
session() { handseal status --json | tr -d ' \n' | sed -n 's/.*"session":{[^}]*"id":"\([0-9a-f]*\)".*/\1/p'; }
opened() { handseal close >/dev/null 2>&1; hs_softkey ${1:-blue} touch-next && timeout 30 handseal open --user deploy --host web1.example.com --cmd '*' --ttl 1h >opened.out && session=$(session) && test -n "$session"; }
cert() { rm -f "$HS_TMP/$1" "$HS_TMP/$1.pub" "$HS_TMP/$1-cert.pub" && handseal request -o "$HS_TMP/$1" --user deploy --host web1.example.com --cmd '*' --json >req && id=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' req) && test -n "$id"; }
login() { test "$(hs_ssh -i "$HS_TMP/$1" -o CertificateFile="$HS_TMP/$1-cert.pub" deploy@127.0.0.1 id -un)" = deploy; }
refused() { hv_refused revoked login "$1"; }
# there ARG...: handseal on another machine, where that root is enrolled and nothing runs
there() { env -u HANDSEAL_SOCK HOME="$HS_TMP/b" XDG_CONFIG_HOME="$HS_TMP/b/config" XDG_STATE_HOME="$HS_TMP/b/state" XDG_RUNTIME_DIR="$HS_TMP/b/run" "$@"; }
# takes KEY ARG...: revoke --by-root there, with a touch of KEY; what it said in out
takes() { k_=$1 && shift && hs_softkey $k_ touch-next && there timeout 30 handseal revoke --by-root "$@" >out 2>err || { cat out err && false; }; }
made() { ls -t "$HS_TMP/b/state/handseal/lists/" | head -n 1; }
# brought: what is there reaches the server
brought() { cp "$HS_TMP"/b/state/handseal/lists/* "$lists/" && chmod 644 "$lists"/*; }
gone() { rm -rf "$lists"/* "$HS_TMP/b/state"; }
# not_taken CODE STATUS TEXT ARG...: fails so, with no touch, and no list is made
not_taken() { c_=$1 s_=$2 t_=$3 && shift 3 && test_expect_code $s_ there timeout 30 handseal revoke --by-root "$@" >out 2>err </dev/null && grep -e "$t_" err && { test -z "$c_" || grep "($c_)" err; } && test -z "$(ls "$HS_TMP/b/state/handseal/lists" 2>/dev/null)" || { cat out err && false; }; }
krl() { handseal krl -o "$HS_TMP/revoked.krl" "$@" "$lists"/*.list; }

test_expect_success 'a daemon here, a machine without one there, a server with a folder of lists' '
	mkdir -m 755 "$lists" && policy "$base" && hs_softkey_start blue && hs_softkey_start spare && daemon && watched &&
	for k in blue spare; do hs_softkey $k touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/$k.sock --name $k || return 1; done &&
	mkdir -p -m 700 "$HS_TMP/b/config/handseal/roots" "$HS_TMP/b/run" && cp "$XDG_CONFIG_HOME/handseal/roots/blue" "$HS_TMP/b/config/handseal/roots/" &&
	handseal roots --pub >pub && for k in blue spare; do key=$(sed -n "s/^users=\"CHANGE-ME\"[^ ]* \(sk[^ ]* [^ ]*\) $k.*/\1/p" pub) && echo "users=\"deploy\",direct $key $k" || return 1; done >$HS_SERVER/roots &&
	cat $HS_SERVER/roots && hs_sshd_start && conf && opened && cert one && one=$id && cert two && two=$id && login one && login two
'
test_expect_success 'rule5: a session by its id: shown, touched, delivered, and a live delegation is refused' '
	takes blue --session $session && cat out && grep "^This takes back, for good, by a touch of SHA256:" out && grep "session $session, all that it ever signed under this key" out && grep "SIMULATED" out && grep "touched\." out &&
	made | grep -E "^root-[0-9a-f]{16}-[0-9a-f]{16}\.list$" && login one && brought && refused one && refused two && grep "the session $session has been revoked" "$HS_TMP/syslog"
'
test_expect_success 'ssh-keygen -Y verify reads its signature' '
	listctl sshsig "$lists/$(made)" message >sig && echo "root $(sed -n "s/.*,direct \(.*\) blue/\1/p" $HS_SERVER/roots)" >signers && ssh-keygen -Y verify -f signers -I root -n krl@handseal.alt -s sig <message && echo x >>message && ! ssh-keygen -Y verify -f signers -I root -n krl@handseal.alt -s sig <message
'
test_expect_success 'by its certificate: that one with its grant, and no other; stock sshd too, by handseal krl' '
	gone && takes blue "$HS_TMP/one-cert.pub" && cat out && grep "of session $session, with all below: ${one#*.}$" out && brought && refused one && login two &&
	krl && ssh-keygen -Q -f "$HS_TMP/revoked.krl" "$HS_TMP/two-cert.pub" && test_expect_code 1 ssh-keygen -Q -f "$HS_TMP/revoked.krl" "$HS_TMP/one-cert.pub" >q && grep REVOKED q
'
test_expect_success 'by the key id that a server logs, by SESSION.SERIAL, by the session key'\''s fingerprint, and several at once' '
	gone && takes blue "handseal:$session:${two#*.}:unknown" && brought && login one && refused two && gone && takes blue $session.${one#*.} --json && grep "\"from\": *\"${one#*.}\"" out && grep "\"daemon\": *false" out && brought && refused one && login two &&
	gone && ca=$(ssh-keygen -L -f "$HS_TMP/one-cert.pub" | sed -n "s/.*Signing CA: ED25519 \(SHA256:[^ ]*\).*/\1/p") && takes blue --session $ca && grep "session $session, all" out && brought && refused one && refused two &&
	gone && takes blue $session.${one#*.} $two direct.77 $session.100-200 $session.150-300 && grep "of session $session, with all below: ${one#*.}.* 100-300" out && grep "direct certificates: 77$" out && brought && refused one && refused two
'
test_expect_success 'a key that no list proves cannot stand in a KRL, and that is said; its session'\''s own list proves it' '
	gone && takes blue --session $session && brought && rm -f "$HS_TMP/revoked.krl" && test_expect_code 1 krl 2>err && grep "of session $session no list proves the key" err && test ! -e "$HS_TMP/revoked.krl" &&
	cp "$XDG_STATE_HOME/handseal/lists/$session.list" "$lists/" && krl && test_expect_code 1 ssh-keygen -Q -f "$HS_TMP/revoked.krl" "$HS_TMP/one-cert.pub"
'
test_expect_success 'everything under the root; what the other root touched for lives' '
	gone && takes blue --root blue && grep "everything that ever stood under it" out && brought && refused one && refused two && grep "everything under its root" "$HS_TMP/syslog" &&
	opened spare && cert other && login other && cp "$XDG_STATE_HOME/handseal/lists/"*.list "$lists/" && krl && test_expect_code 1 ssh-keygen -Q -f "$HS_TMP/revoked.krl" "$HS_TMP/one-cert.pub" && ssh-keygen -Q -f "$HS_TMP/revoked.krl" "$HS_TMP/other-cert.pub" && rm -f "$lists/$session.list"
'
test_expect_success 'rule1: a root that touched for nothing of it takes nothing of it' '
	gone && not_taken wider-than-grant 3 "stands under another root\|is not enrolled" "$HS_TMP/other-cert.pub" --with blue && not_taken not-found 1 "root is not enrolled here" "$HS_TMP/other-cert.pub" &&
	takes blue --session $session && brought && login other && cp "$XDG_STATE_HOME/handseal/lists/$session.list" "$lists/" && test_expect_code 1 krl 2>err && grep "of session $session no list proves the key" err
'
test_expect_success 'an older list that is put back, in place or beside, takes nothing back' '
	gone && takes blue $one && first=$(made) && cp "$HS_TMP/b/state/handseal/lists/$first" keep && takes blue $two && test $(ls "$HS_TMP/b/state/handseal/lists" | wc -l) = 2 && brought && refused one && refused two &&
	cp keep "$lists/$first" && cp keep "$lists/root-$(echo $first | cut -c6-21).list" && refused one && refused two && a=$(sed -n "s/^List \([0-9]*\),.*/\1/p" out) && takes blue $two && b=$(sed -n "s/^List \([0-9]*\),.*/\1/p" out) && test "$b" -gt "$a"
'
test_expect_success 'two machines undo nothing of each other'\''s: their files have different names' '
	gone && takes blue $one && brought && rm -rf "$HS_TMP/b/state" && takes blue $two && brought && test $(ls "$lists" | wc -l) = 2 && refused one && refused two
'
test_expect_success 'rule2: near the bound of what a server reads it warns' '
	gone && takes blue $one && ! grep "lists of this root" err && f=$HS_TMP/b/state/handseal/lists/$(made) && for n in $(seq 765); do cp "$f" "${f%%-????????????????.list}-$n.list" || return 1; done && takes blue $two --json && ! grep "lists of this root" err && grep "\"lists\": *767" out && takes blue $two && grep "holds 768 lists of this root. A server that holds more than 1024 refuses every login" err && gone
'
test_expect_success 'into a folder or a file that is named; a file that is there stays' '
	gone && mkdir -p "$HS_TMP/o" && takes blue $one -o "$HS_TMP/o" && ls "$HS_TMP/o" | grep "^root-.*\.list$" && takes blue $two -o "$HS_TMP/o/mine" && test -s "$HS_TMP/o/mine" && not_taken io-failed 1 "exists, and is never overwritten" $one -o "$HS_TMP/o/mine" && not_taken io-failed 1 "cannot write to" $one -o "$HS_TMP/nowhere/x"
'
test_expect_success 'never touched, declined, unplugged: nothing is made, and it says so' '
	gone && export HANDSEAL_TOUCH_SECONDS=1 && not_taken touch-timeout 1 "was not touched" $one && unset HANDSEAL_TOUCH_SECONDS && hs_softkey blue fault deny && not_taken touch-denied 4 "" $one && hs_softkey blue fault none &&
	hs_softkey blue unplug && not_taken "" 1 "" $one && hs_softkey blue plug && hs_spawn off handseal revoke --by-root --with blue $one -o "$HS_TMP/o/off" && hs_softkey blue wait 10 && kill -TERM $(hs_pid off) && hs_wait off 10 && test "$HS_STATUS" = 4 && grep "(touch-cancelled)" "$HS_TMP/off.log" && test ! -e "$HS_TMP/o/off"
'
test_expect_success 'what is not named right, and roots that are not here' '
	not_taken "" 2 "takes ids, certificates" && not_taken "" 2 "neither a certificate.s file nor an id" $session && not_taken "" 2 "neither a certificate" nonsense && not_taken "" 2 "nor a session" --session $session.1 && not_taken "" 2 "nor an id" direct.0 && not_taken "" 2 "does not take that" --all &&
	not_taken not-found 1 "green is not enrolled here" $one --with green && not_taken not-found 1 "is not enrolled" --root SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA && not_taken malformed 1 "it is no certificate" "$HS_SERVER/roots" && not_taken "" 1 "" "$HS_TMP/one.pub" &&
	sed "s/AAAA/AAAB/2" "$HS_TMP/one-cert.pub" >bent && not_taken "" 1 "" ./bent && cp "$XDG_CONFIG_HOME/handseal/roots/spare" "$HS_TMP/b/config/handseal/roots/" && not_taken "" 2 "2 roots are enrolled here: say --with" $one && takes blue "$HS_TMP/one-cert.pub" && gone && takes spare $one --with spare && brought && login one && rm "$HS_TMP/b/config/handseal/roots/spare"
'
cat >"$HS_TMP/askpass" <<-EOS
	#!/bin/sh
	echo asked >$HS_TMP/asked
	echo 246813
EOS
chmod 755 "$HS_TMP/askpass"
test_expect_success 'a root with a PIN: asked for before the touch, and signed as verified; a wrong one is told' '
	gone && hs_softkey blue pin 246813 && sed -i "s/^Verify touch/Verify pin/" "$HS_TMP/b/config/handseal/roots/blue" && export HANDSEAL_ASKPASS="$HS_TMP/askpass" SSH_ASKPASS_REQUIRE=force && takes blue $two && test -e "$HS_TMP/asked" && brought && refused two &&
	gone && sed -i "s/246813/135790/" "$HS_TMP/askpass" && not_taken pin-invalid 1 "PIN is wrong" $two && sed -i "s/135790/246813/" "$HS_TMP/askpass" && sed -i "s/^Verify pin/Verify touch/" "$HS_TMP/b/config/handseal/roots/blue" && rm "$HS_TMP/asked" && takes blue $two --pin && test -e "$HS_TMP/asked" && unset HANDSEAL_ASKPASS SSH_ASKPASS_REQUIRE
'
test_expect_success 'where a daemon runs, it ends what it has of it, and brings the list to its servers' '
	rm -rf "$lists"/* && mkdir "$HS_TMP/published" && chmod 755 "$HS_TMP/published" && policy "Publish web1 /bin/cp -r %L $HS_TMP/published/" "$base" && daemon && watched && opened && cert mine && login mine &&
	hs_softkey blue touch-next && timeout 30 handseal revoke --by-root --with blue --session $session >out && cat out && grep "  web1 has the lists, since" out && grep "\"event\":\"revoke\".*\"session\":\"$session\"" "$XDG_STATE_HOME/handseal/audit.jsonl" && test -z "$(session)" &&
	ls "$HS_TMP/published/lists" | grep "^root-" && cp "$HS_TMP"/published/lists/root-* "$lists/" && chmod 644 "$lists"/* && refused mine
'
# row WHAT DAEMON: of the one that --json tells of, what became of it here
row() { tr -d ' \n' <out | grep -e "\"what\":\"$1\",[^}]*\"daemon\":\"$2\"" || { cat out && false; }; }
byroot() { hs_softkey blue touch-next && timeout 30 handseal revoke --by-root --with blue "$@" >out 2>err || { cat out err && false; }; }
test_expect_success 'the daemon here hears of direct certificates by their root and serial, and of ranges; of what is not its own it ends nothing' '
	policy "$base" && daemon && watched && opened && cert first && one=${id#*.} && cert second && hs_softkey blue touch-next && timeout 30 handseal request --direct -o "$HS_TMP/dir" --user deploy --host "*" --cmd uptime --json >req && direct=$(ssh-keygen -L -f "$HS_TMP/dir-cert.pub" | sed -n "s/.*Serial: //p") && of=$(sed -n "s/.*\"id\": *\"\([^\"]*\)\".*/\1/p" req) &&
	byroot direct.1 --json && row direct nothing && hs_softkey spare touch-next && timeout 30 handseal revoke --by-root --with spare direct.$direct --json >out && row direct nothing && test "$(session)" = $session &&
	byroot direct.$direct --json && row direct ended && handseal revoke $of >again && cat again && grep "0 certificates, 0 seats; 1 before" again && test "$(session)" = $session && byroot $session.$one-$((one + 1)) $session.90000-90001 --json && row serials ended && row serials nothing && test "$(session)" = $session &&
	handseal revoke $session.$one >again && grep "0 certificates, 0 seats; 1 before" again
'
hs_done
