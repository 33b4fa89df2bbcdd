#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `handseal krl` unites sessions' and roots' lists for stock sshd, and drops no revocation unsaid: with a list
# that cannot be taken nothing is written and what was there stays, unless it is told to go on; each such list is named.
test_description='lists merged for stock sshd'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"
hs_init "$@"

lists=$XDG_STATE_HOME/handseal/lists
list() { l=$1 && shift && forgelist "$lists/$l.list" root="$HS_TMP/root" session="$HS_TMP/session" "$@"; }
revoked() { test_expect_code 1 ssh-keygen -Q -f out.krl "$HS_TMP/$1-cert.pub" >q && grep REVOKED q; }
lives() { ssh-keygen -Q -f out.krl "$HS_TMP/$1-cert.pub"; }
krl() { handseal krl -o out.krl "$@"; }

test_expect_success 'two sessions of one root, one of another, and a direct certificate' '
	mkdir -p "$lists" && forgecert root ed25519 "$HS_TMP/root" && forgecert root ecdsa "$HS_TMP/root2" && forgecert session "$HS_TMP/session" && forgecert session "$HS_TMP/session2" && ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/id" &&
	hv_scope "user deploy" "host *" "addr *" "cmd id" >"$HS_TMP/scope" && hv_cert one serial=5 && hv_cert two serial=6 && hv_cert other serial=5 session="$HS_TMP/session2" && hv_cert foreign serial=5 root="$HS_TMP/root2" session="$HS_TMP/session2" &&
	forgecert direct "$HS_TMP/direct-cert.pub" root="$HS_TMP/root" key="$HS_TMP/id.pub" scope="$HS_TMP/scope" serial=88 &&
	id=$(ssh-keygen -L -f "$HS_TMP/one-cert.pub" | sed -n "s/.*handseal:\([0-9a-f]*\):5:.*/\1/p") && id2=$(ssh-keygen -L -f "$HS_TMP/other-cert.pub" | sed -n "s/.*handseal:\([0-9a-f]*\):5:.*/\1/p")
'
test_expect_success 'no folder, an empty one, and lists that are named' '
	rmdir "$lists" && krl && lives one && mkdir "$lists" && krl && list a serials=5 && krl >o && grep "^1 list merged into out.krl" o && revoked one && lives two && lives other && mv "$lists/a.list" elsewhere && krl && lives one && krl elsewhere && revoked one && does 1 "does not count: .*No such file" krl nowhere
'
test_expect_success 'rule9: a bad list is named, nothing is written, and what was there stays' '
	list a serials=5 && krl && cp out.krl before && list b serials=6 && echo junk >"$lists/c.list" && list d serials=7 flags=0 && does 1 "2 lists cannot be taken, and the file stays as it was" krl && grep "lists/c.list does not count: this is no list" err && grep "lists/d.list does not count: .*no-touch" err && ! grep "[ab].list" err && cmp before out.krl &&
	test_expect_code 1 handseal krl >o 2>err && test ! -s o && does 1 "cannot be taken" handseal krl --json && is out "\$j->{error}{code} eq q(malformed)" && ln -s nowhere "$lists/e.list" && does 1 "3 lists" krl && rm "$lists/e.list" && mkdir "$lists/e.list" && does 1 "3 lists" krl && rmdir "$lists/e.list"
'
test_expect_success 'told to go on, the others are written, and it says what is left out' '
	does 0 "lists/c.list does not count" krl --skip-bad && revoked one && revoked two && handseal krl --skip-bad --json 2>err >o && is o "@{\$j->{bad}} == 2 && @{\$j->{lists}} == 2 && \$j->{bad}[0]{sentence} ne q()" && rm "$lists"/*
'
test_expect_success 'a root'\''s list: its direct certificates, and of its sessions what a list proves' '
	listctl make "$lists/r.list" root="$HS_TMP/root" direct=88 && krl && revoked direct && lives one && listctl make "$lists/r.list" root="$HS_TMP/root2" direct=88 && krl && lives direct &&
	listctl make "$lists/r.list" root="$HS_TMP/root" serials=$id:5-5 direct=88 && does 1 "of session $id no list proves the key" krl && does 0 "no list proves" krl --skip-bad && revoked direct && lives one && list a && krl && revoked one && lives two && revoked direct && handseal krl --json >o && is o "grep { (\$_->{entries} // 0) == 2 } @{\$j->{lists}}"
'
test_expect_success 'rule1: a session that another root touched for stays, also where the list names it' '
	listctl make "$lists/r.list" root="$HS_TMP/root2" session=$id && does 1 "of session $id no list proves the key" krl && listctl make "$lists/r.list" root="$HS_TMP/root2" all=1 && krl && lives one && lives direct &&
	forgelist "$lists/s2.list" root="$HS_TMP/root" session="$HS_TMP/session2" && listctl make "$lists/r.list" root="$HS_TMP/root" all=1 && krl && revoked one && revoked other && revoked direct && rm "$lists"/*
'
test_expect_success 'rule1: a certificate in a root'\''s list proves its session, but not where another key signed it; a grant alone is none' '
	listctl make "$lists/r.list" root="$HS_TMP/root" serials=$id:5-5 proof="$HS_TMP/one-cert.pub" && krl && revoked one && lives two && lives other && listctl make "$lists/r.list" root="$HS_TMP/root" session=$id proof="$HS_TMP/one-cert.pub" && krl && revoked two &&
	hv_cert lie serial=5 root="$HS_TMP/root2" by="$HS_TMP/session2" && listctl make "$lists/r.list" root="$HS_TMP/root2" session=$id proof="$HS_TMP/lie-cert.pub" && does 1 "r.list does not count: .*session.s signature on the certificate is not good" krl && does 0 "" krl --skip-bad && lives one && lives two &&
	forgecert grant "$HS_TMP/g-cert.pub" root="$HS_TMP/root2" session="$HS_TMP/session" scope="$HS_TMP/scope" && test_must_fail listctl make "$lists/g.list" root="$HS_TMP/root2" session=$id proof="$HS_TMP/g-cert.pub" && test ! -e "$lists/g.list" && rm "$lists"/*
'
test_expect_success 'rule1: with --roots only lists under these' '
	echo "users=\"*\" $(cat "$HS_TMP/root2.pub")" >roots && list a serials=5 && does 1 "root-unknown" krl --roots roots && echo "users=\"*\" $(cat "$HS_TMP/root.pub")" >>roots && krl --roots roots && revoked one && echo junk >>roots && does 0 "roots:3: line skipped" krl --roots roots &&
	listctl make "$lists/r.list" root="$HS_TMP/root2" direct=1 && krl --roots roots && sed -i 1d roots && does 1 "no trusted root signed the list" krl --roots roots && does 1 "" krl --roots nowhere
'
test_expect_success 'how it is called' '
	usage krl --nonsense && handseal krl --help | grep -e "--skip-bad" && test_expect_code 1 krl -o nowhere/x
'
hs_done
