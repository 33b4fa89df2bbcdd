#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a server with handseal-verify refuses what its lists, or its own file, take back: at the login, at each
# command of a connection that stays open, and in explain; what is missing, old, unsigned or another's is as verify.conf says.
test_description='lists that a server reads'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_ns "$0" "$@"
hs_init "$@"

at=deploy@127.0.0.1
lists=$HS_TMP/lists
conf() { hv_conf "HostName web1.example.com" "Revocations $lists" "$@"; }
list() { # NAME KEY=VALUE...
	l=$1 && shift && forgelist "$lists/$l" root="$HS_TMP/root" session="$HS_TMP/session" "$@"
}
ok() { test "$(hv_ssh $1 $at id -un)" = deploy; }
logged() { hs_wait_for "grep -q -e \"$1\" \"$HS_TMP/syslog\"" 5 || { cat "$HS_TMP/syslog" && false; }; }
explains() { # STATUS TEXT CERT
	handseal-verify --config "$HS_SERVER" explain "$HS_TMP/$3-cert.pub" --user deploy >x 2>xerr
	test $? = $1 && grep -F -e "$2" x || { cat x xerr && false; }
}
fault() { # OFFSET FROM THE END: that byte of the list is another
	f=$lists/$id.list && n=$(($(stat -c %s "$f") - $1)) && perl -e 'open(my $f, "+<", $ARGV[0]); seek($f, $ARGV[1], 0); read($f, my $c, 1); seek($f, $ARGV[1], 0); print $f chr(ord($c) ^ 1)' "$f" $n
}

test_expect_success 'a server with a folder of lists; young certificates need none' '
	mkdir -m 755 "$lists" && hv_setup && conf && id=$(ssh-keygen -lf "$HS_TMP/session.pub" >/dev/null; hv_cert one serial=5 && ssh-keygen -L -f "$HS_TMP/one-cert.pub" | sed -n "s/.*handseal:\([0-9a-f]*\):5:.*/\1/p") && test -n "$id" &&
	ok one && explains 0 "revoked  not known, and too young to need a list" one
'
test_expect_success 'rule5: a list that names its serial ends it; others stay' '
	hv_cert two serial=6 && list $id.list serials=5 && hv_refused revoked hv_ssh one $at id -un && logged "refused deploy: revoked: the certificate has been revoked.*serial 5" &&
	ok two && explains 3 "NO, revoked: the certificate has been revoked" one && grep "revoked  YES" x && explains 0 "revoked  no, says the list of" two &&
	handseal-verify --config "$HS_SERVER" explain "$HS_TMP/one-cert.pub" --json >j; grep "\"code\":\"revoked\"" j && grep "\"revocation\":{\"revoked\":true,\"looked_up\":true,\"lists\":1,\"version\":1," j
'
test_expect_success 'rule5: an ancestor that is revoked ends what came of it' '
	printf "depth 1\n" >deep && cat "$HS_TMP/scope" >>deep && hv_cert child serial=9 ancestor=5 ceiling=deep && hv_cert cousin serial=10 ancestor=4 ceiling=deep && hv_refused revoked hv_ssh child $at id -un && logged "its ancestor 5 has been revoked" && ok cousin
'
test_expect_success 'ranges, and the whole session' '
	list $id.list serials=1-4,6-1000000 && ok one && hv_refused revoked hv_ssh two $at id -un && list $id.list whole=1 && hv_refused revoked hv_ssh one $at id -un && logged "the session $id has been revoked"
'
test_expect_success 'united: an old list beside a new one takes nothing back, in whichever order they are read' '
	list $id.list version=9 && list $id-old.list version=3 serials=5 issued=-3600 && hv_refused revoked hv_ssh one $at id -un && list $id-a.list serials=6 && hv_refused revoked hv_ssh two $at id -un && rm "$lists"/$id-*.list && ok one && ok two
'
test_expect_success 'older than the limit: a list is wanted, and a fresh one' '
	hv_cert old serial=7 after=-1000 grant-after=-1000 && rm "$lists"/* && hv_refused revocation-unknown hv_ssh old $at id -un && logged "older than 900 s, and no list of its session" && explains 3 "It would take a list of its session" old &&
	list $id.list issued=-880 && ok old && list $id.list issued=-920 && hv_refused revocation-unknown hv_ssh old $at id -un && logged "latest list of its session are older than 900 s" &&
	list $id.list issued=3600 && hv_refused revocation-unknown hv_ssh old $at id -un && conf "RevocationsFresh 1h" && list $id.list issued=-920 && ok old && ok one && conf
'
test_expect_success 'RevocationsMissing allow lets it pass, and says so; revoked stays revoked' '
	conf "RevocationsMissing allow" && rm "$lists"/* && : >"$HS_TMP/syslog" && ok old && logged "deploy: let pass, as RevocationsMissing says: .*no list of its session" && explains 0 "let pass, as RevocationsMissing says" old &&
	list $id.list serials=7 issued=-5000 && hv_refused revoked hv_ssh old $at id -un && conf && rm "$lists"/*
'
# Each of these is a file that does not count, is named in the log, and stands in for no list.
doubted() { # WHY: the list that is there says that 5 is revoked, and 7 needs one
	hv_says one deploy >line && grep -q ^restrict line && grep "does not count: .*$1" "$HS_TMP/said" && hv_says old deploy >line && test ! -s line && grep "refused deploy: revocation-unknown" "$HS_TMP/said" || { cat line "$HS_TMP/said" && false; }
}
test_expect_success 'rule10: unsigned, changed, cut, untouched, another key'\''s, another session'\''s: does not count' '
	for n in 1 70 100 200 400; do list $id.list serials=5 && fault $n && doubted "" || return 1; done &&
	list $id.list serials=5 && head -c 500 "$lists/$id.list" >cut && cp cut "$lists/$id.list" && doubted "" && echo junk >"$lists/$id.list" && doubted "this is no list" &&
	list $id.list serials=5 flags=0 && doubted "no-touch" && list $id.list serials=5 by="$HS_TMP/session" && doubted "the signature on the list is not good" &&
	forgelist "$lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session2" serials=5 whole=1 && doubted "another session" &&
	list $id.list serials=5 ca="$HS_TMP/session2" && doubted "would revoke what is not its session" &&
	ln -sf /dev/zero "$lists/$id.list" && doubted "" && rm "$lists/$id.list" && mkfifo "$lists/$id.list" && doubted "not a regular file" && rm "$lists/$id.list" &&
	head -c 1100000 /dev/zero >"$lists/$id.list" && doubted "longer than" && rm "$lists/$id.list"
'
# the session may have been opened by another root's touch than the certificate's, and that root taken out of roots since
test_expect_success 'a list counts by the key that signed the certificate, whichever root its grant is of' '
	forgelist "$lists/$id.list" root="$HS_TMP/stranger" session="$HS_TMP/session" serials=5 && hv_refused revoked hv_ssh one $at id -un && ok old &&
	explains 3 "NO, revoked: the certificate has been revoked" one && rm "$lists/$id.list" && forgelist "$lists/$id.list" root="$HS_TMP/stranger" session="$HS_TMP/session" flags=0 serials=5 && doubted "no-touch" && rm "$lists/$id.list"
'
test_expect_success 'rule2: a folder that cannot be read: nobody, or as verify.conf says; too many lists, or one that cannot be read: nobody' '
	chmod 700 "$lists" && hv_refused revocation-unknown hv_ssh one $at id -un && conf "RevocationsMissing allow" && ok one && logged "let pass.*Permission denied" && chmod 755 "$lists" &&
	hv_conf "HostName web1.example.com" "Revocations $HS_TMP/nowhere" && hv_refused revocation-unknown hv_ssh one $at id -un && conf &&
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do list $id-$n.list || return 1; done && hv_refused lists-unread hv_ssh one $at id -un && logged "more than 16 lists" &&
	conf "RevocationsMissing allow" && hv_refused lists-unread hv_ssh one $at id -un && explains 3 "NO, lists-unread" one && rm "$lists/$id-17.list" && ok one && chmod 600 "$lists/$id-1.list" && hv_refused lists-unread hv_ssh one $at id -un && logged "$id-1.list: Permission denied" && conf && rm "$lists"/*
'
on_mux() { ssh -F /dev/null -o ControlPath="$HS_TMP/mux" $at "$@" </dev/null; }
test_expect_success 'a connection that stays open starts nothing more' '
	hs_spawn mux ssh $HS_SSH_OPTS -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/one-cert.pub" -o ControlMaster=yes -o ControlPath="$HS_TMP/mux" -N $at && hs_wait_for "test -S $HS_TMP/mux" 10 && test "$(on_mux id -un)" = deploy && list $id.list serials=5 &&
	test_expect_code 126 on_mux id -un 2>err && grep "refused, revoked: the certificate has been revoked" err && logged "handseal-shell.*refused, revoked" &&
	list $id.list && test "$(on_mux id -un)" = deploy && echo "$id lost" >$HS_SERVER/revoked && test_expect_code 126 on_mux id -un && chmod 600 $HS_SERVER/revoked && test_expect_code 126 on_mux id -un 2>err && grep "io-failed.*revoked: Permission denied" err && rm $HS_SERVER/revoked && test "$(on_mux id -un)" = deploy &&
	list $id.list whole=1 && test_expect_code 126 on_mux id -un && rm "$lists"/* && test "$(on_mux id -un)" = deploy &&
	forgelist "$lists/$id.list" root="$HS_TMP/stranger" session="$HS_TMP/session" serials=5 && test_expect_code 126 on_mux id -un 2>err && grep "refused, revoked: the certificate" err && rm "$lists"/* && test "$(on_mux id -un)" = deploy && hs_stop mux
'
test_expect_success 'the server'\''s own list: a root by key or fingerprint, a session, whatever the lists say' '
	cut -d" " -f1,2 "$HS_TMP/root.pub" >$HS_SERVER/revoked && hv_refused revoked hv_ssh one $at id -un && logged "line 1 of the server.s own list" && explains 3 "NO, revoked" one && hv_cert ecdsa root="$HS_TMP/root2" && ok ecdsa &&
	{ echo "# the lost one"; echo "$(ssh-keygen -lf "$HS_TMP/root2.pub" | cut -d" " -f2) Bert"; } >$HS_SERVER/revoked && ok one && hv_refused revoked hv_ssh ecdsa $at id -un && logged "line 2 of" &&
	echo $id >$HS_SERVER/revoked && hv_refused revoked hv_ssh one $at id -un && hv_cert other session="$HS_TMP/session2" && ok other
'
test_expect_success 'rule2: with a mistake in it, or in others'\'' hands, nobody' '
	echo "session $id" >$HS_SERVER/revoked && hv_refused config-invalid hv_ssh other $at id -un && logged "revoked:1:1: this must be a root" && echo 0000000000000000 >$HS_SERVER/revoked && ok other && chmod 666 $HS_SERVER/revoked && hv_refused config-invalid hv_ssh other $at id -un && chmod 644 $HS_SERVER/revoked && ok other &&
	rm $HS_SERVER/revoked && ln -s nowhere $HS_SERVER/revoked && hv_refused io-failed hv_ssh other $at id -un && rm $HS_SERVER/revoked && mkdir $HS_SERVER/revoked && hv_refused config-invalid hv_ssh other $at id -un && rmdir $HS_SERVER/revoked && ok other
'
rlist() { # NAME KEY=VALUE...: a list by the touch of root
	l=$1 && shift && listctl make "$lists/$l" root="$HS_TMP/root" "$@"
}
# its file's name: ROOT is of the root's key
rid=$(awk '{print $2}' "$HS_TMP/root.pub" | base64 -d | sha256sum | cut -c1-16)
test_expect_success 'direct certificates: the server'\''s own list, and their root'\''s' '
	hv_roots "users=\"deploy\",direct $(cat "$HS_TMP/root.pub") a" "users=\"deploy\" $(cat "$HS_TMP/root2.pub") b" && hv_scope "user deploy" "host *" "addr *" "cmd id -un" >d && forgecert direct "$HS_TMP/direct-cert.pub" root="$HS_TMP/root" key="$HS_TMP/id.pub" scope=d after=-1000 before=600 serial=88 &&
	ok direct && explains 0 "not known: no list of its root is here" direct && cut -d" " -f1,2 "$HS_TMP/root.pub" >$HS_SERVER/revoked && hv_refused revoked hv_ssh direct $at id -un && rm $HS_SERVER/revoked &&
	rlist root-$rid.list direct=80-87 && ok direct && explains 0 "no, as far as its root" direct && rlist root-$rid-2.list direct=88 && hv_refused revoked hv_ssh direct $at id -un && logged "the certificate has been revoked" && explains 3 "revoked  YES" direct &&
	handseal krl -o krl "$lists"/*.list && test_expect_code 1 ssh-keygen -Q -f krl "$HS_TMP/direct-cert.pub" && rlist root-$rid-2.list direct=89 && ok direct && handseal krl -o krl "$lists"/*.list && ssh-keygen -Q -f krl "$HS_TMP/direct-cert.pub" &&
	rlist root-$rid-2.list all=1 && hv_refused revoked hv_ssh direct $at id -un && logged "everything under its root" && handseal krl -o krl "$lists"/*.list && test_expect_code 1 ssh-keygen -Q -f krl "$HS_TMP/direct-cert.pub" && rm "$lists"/*
'
test_expect_success 'rule5: a root'\''s list takes back a session, a serial, an ancestor; it stands in for no fresh list' '
	rlist root-$rid-a.list serials=$id:5-5 && hv_refused revoked hv_ssh one $at id -un && ok two && hv_refused revoked hv_ssh child $at id -un && ok cousin && hv_refused revocation-unknown hv_ssh old $at id -un && list $id.list && ok old && hv_refused revoked hv_ssh one $at id -un &&
	rlist root-$rid-b.list session=$id && hv_refused revoked hv_ssh two $at id -un && test_expect_code 3 handseal-verify --config "$HS_SERVER" explain "$HS_TMP/two-cert.pub" --json >j && grep "\"root_lists\":2" j && rm "$lists"/* && ok two
'
test_expect_success 'rule1, rule10: another root'\''s, one without a touch, changed, under another'\''s name: does not count' '
	listctl make "$lists/root-$rid.list" root="$HS_TMP/root2" session=$id all=1 && ok one && logged "does not count: .*another root" && rlist root-$rid.list all=1 flags=0 && ok one && logged "does not count: no-touch" && rlist root-$rid.list all=1 by="$HS_TMP/root2" && ok one && logged "signature is not good" &&
	rlist root-$rid.list all=1 && for n in 1 60 150 250; do cp "$lists/root-$rid.list" good && perl -e "open(my \$f, \"+<\", \$ARGV[0]); seek(\$f, -s \$f, 0); seek(\$f, (-s \$f) - $n, 0); read(\$f, my \$c, 1); seek(\$f, (-s \$f) - $n, 0); print \$f chr(ord(\$c) ^ 1)" "$lists/root-$rid.list" && ok one && cp good "$lists/root-$rid.list" || return 1; done && hv_refused revoked hv_ssh one $at id -un && rm "$lists"/* &&
	rm -f good
'
test_expect_success 'rule2: lists of a root that are over the bounds: nobody, whatever verify.conf says; up to these each is read' '
	conf "RevocationsMissing allow" && rlist root-$rid.list direct=1 && for n in $(seq 1022); do cp "$lists/root-$rid.list" "$lists/root-$rid-$n.list" || return 1; done && ok one &&
	rlist root-$rid-y.list serials=$id:5-5 && hv_refused revoked hv_ssh one $at id -un && ok two && rlist root-$rid-y.list direct=2 && ok one && rlist root-$rid-z.list direct=3 && hv_refused lists-unread hv_ssh one $at id -un && logged "more than 1024 lists of this root" && explains 3 "NO, lists-unread" one && explains 3 "It would take all lists in" one &&
	conf && hv_refused lists-unread hv_ssh one $at id -un && rm "$lists"/* && for n in $(seq 18); do truncate -s 1048575 "$lists/root-$rid-$n.list" || return 1; done && hv_refused lists-unread hv_ssh one $at id -un && logged "more than 16777216 bytes" && rm "$lists"/* && ok one
'
test_expect_success 'a connection that stays open starts nothing more once its root'\''s list is there' '
	hs_spawn mux ssh $HS_SSH_OPTS -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/one-cert.pub" -o ControlMaster=yes -o ControlPath="$HS_TMP/mux" -N $at && hs_wait_for "test -S $HS_TMP/mux" 10 && test "$(on_mux id -un)" = deploy && rlist root-$rid.list serials=$id:5-5 && test_expect_code 126 on_mux id -un 2>err && grep "refused, revoked: the certificate has been revoked" err && rm "$lists"/* && test "$(on_mux id -un)" = deploy && hs_stop mux
'
mine() { SSH_CONNECTION="127.0.0.1 1 127.0.0.1 22" SSH_ORIGINAL_COMMAND="id -un" hs_as deploy "$HS_LIBEXECDIR/handseal-shell" "$arg"; }
test_expect_success 'where the folder is not root'\''s, but of who runs the server: the shell reads it too' '
	hv_roots && hv_cert mine && mkdir "$HS_TMP/own" && cp $HS_SERVER/roots $HS_SERVER/verify.conf "$HS_TMP/own" && chown -R deploy: "$HS_TMP/own" && read -r type blob comment <"$HS_TMP/mine-cert.pub" &&
	hs_as deploy handseal-verify --config "$HS_TMP/own" --log stderr keys deploy $type $blob >line && arg=$(sed -n "s/.*command=\"[^ ]* \([^\"]*\)\".*/\1/p" line) && test -n "$arg" && mine >out; grep -x deploy out &&
	list $id.list whole=1 && test_expect_code 126 mine 2>err && grep "refused, revoked" err && rm "$lists"/*
'
hs_done
