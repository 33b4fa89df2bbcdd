#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: handseal-verify check-config names every fault of a server's files by file, line and column, whose
# they are and who could change them, and sums up who is trusted with what. It needs no server and no rights.
test_description='the check of a server'\''s files'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_init "$@"

roots=$HS_SERVER/roots conf=$HS_SERVER/verify.conf
check() { handseal-verify --config "$HS_SERVER" check-config "$@" >"$HS_TMP/out" 2>"$HS_TMP/err"; }
ok() { check "$@" && test ! -s "$HS_TMP/err" && grep -q " is in order$" "$HS_TMP/out" || { cat "$HS_TMP/out" "$HS_TMP/err" && return 1; }; }
wrong() { # N ARG...: there are N faults
	wrong_=$1
	shift
	test_expect_code 1 check "$@" && test ! -s "$HS_TMP/err" && grep -q " is NOT in order: $wrong_ to mend$" "$HS_TMP/out" || { cat "$HS_TMP/out" "$HS_TMP/err" && return 1; }
}
says() { grep -F -e "$1" "$HS_TMP/out" || { cat "$HS_TMP/out" && return 1; }; }
json() {
	perl -MJSON::PP -e 'my $j = JSON::PP->new->utf8->decode(join "", <STDIN>);
		eval(shift) or die "not so: ", JSON::PP->new->canonical->pretty->encode($j)' "$1" <"$HS_TMP/out"
}

test_expect_success 'files that are in order: who is trusted with what' '
	chmod 755 "$HS_TMP" && forgecert root ed25519 "$HS_TMP/root" && forgecert root ecdsa "$HS_TMP/root2" && forgecert root ed25519 "$HS_TMP/stranger" && forgecert session "$HS_TMP/session" && forgecert session "$HS_TMP/session2" &&
	id=$(cut -d" " -f2 "$HS_TMP/session.pub" | base64 -d | sha256sum | cut -c1-16) && fp=$(ssh-keygen -lf "$HS_TMP/root.pub" | cut -d" " -f2) &&
	hv_roots "users=\"deploy,root\",max-grant=8h $(cat "$HS_TMP/root.pub") Anna'\''s blue" "users=\"*\",require-uv,direct $(cat "$HS_TMP/root2.pub") spare" && hv_conf "HostName web1.example.com" "Namespaces git" && ok &&
	! grep warning "$HS_TMP/out" && says "  server   web1.example.com" && says "  ports    are never forwarded" && says "  signed   git messages are believed" && says "  revoked  0 by this server itself; lists are not read" &&
	says "  root     Anna'\''s blue $fp   (roots:1)" && says "           for deploy, root; grants up to 8 h, certificates up to 8 h" && says "           for everyone but root; grants up to 1 d, certificates up to 8 h; with PIN or finger only; direct certificates too"
'
test_expect_success 'each line of roots, by line and column; who is left' '
	hv_roots "user=\"deploy\" $(cat "$HS_TMP/root2.pub")" "direct,direct $(cat "$HS_TMP/root2.pub")" "users=\"deploy\" $(cat "$HS_TMP/root.pub") Anna" "users=\"root\" $(cat "$HS_TMP/root.pub") again" "$(cat "$HS_TMP/root2.pub")" &&
	wrong 3 && says "$roots:1:1: there is no such option" && says "$roots:2:8: this option stands here already" && says "$roots:4:14: the key stands in line 3 already" && says "$roots:5:1: warning: nobody may log in by it" && says "for nobody" && hv_roots
'
test_expect_success 'every mistake in verify.conf, not the first alone' '
	hv_conf "HostName *" "HostName web1.example.com" "MaxGrant never" "# fine" "Nonsense 1" "RequireUV" "MaxGrant 8h" "Namespaces a,b" && wrong 6 && says "$conf:1:10: a name of this server is no pattern" && says "$conf:3:10: this must be a time" &&
	says "$conf:5:1: there is no such keyword" && says "$conf:6:10: a value is missing" && says "$conf:7:1: this keyword stands here already" && says "$conf:8:13: a namespace has" && hv_conf "# none" && ok && says "warning: $conf: it has no HostName" && hv_conf
'
test_expect_success 'revoked: each line' '
	printf "# lost\n$fp\nnonsense\n $id\n\n  x y\n" >"$HS_SERVER/revoked" && wrong 2 && says "$HS_SERVER/revoked:3:1: this must be a root" && says "$HS_SERVER/revoked:6:3: this must be" && says "  revoked  2 by this server itself" && rm "$HS_SERVER/revoked"
'
test_expect_success 'roots.d: whose file, what it says, names that are none' '
	mkdir "$HS_SERVER/roots.d" && cp "$HS_TMP/stranger.pub" "$HS_SERVER/roots.d/deploy" && echo "users=\"root\" $(cat "$HS_TMP/stranger.pub")" >"$HS_SERVER/roots.d/other" && cp "$HS_TMP/root.pub" "$HS_SERVER/roots.d/third" && : >"$HS_SERVER/roots.d/a b" &&
	wrong 2 && says "(roots.d/deploy:1)" && says "$HS_SERVER/roots.d/other:1:1: in this file users= can name other alone" && says "$HS_SERVER/roots.d/third:1:1: the key stands in line 1 of roots already" && says "warning: $HS_SERVER/roots.d/a b: it is never read" &&
	ok --user deploy && says "(roots.d/deploy:1)" && says "(roots:1)" && ok --user nobody && says "  root     none lets in nobody" && wrong 1 --user other && ! grep -F roots.d/deploy "$HS_TMP/out" && rm "$HS_SERVER/roots.d/"*
'
test_expect_success 'owners and modes: each one, and each folder once' '
	chmod 646 "$conf" && chmod 664 "$roots" && chmod 777 "$HS_SERVER" && wrong 3 && says "$conf can be written by others: take that away with chmod go-w" && says "$roots can be written by others" && says "$HS_SERVER can be written by others" &&
	chmod 755 "$HS_SERVER" && chmod 600 "$conf" && chmod 644 "$roots" && ok && says "warning: $conf: others cannot read it" && chmod 644 "$conf" && chmod 700 "$HS_SERVER" && ok && test "$(grep -c "warning: $HS_SERVER: others cannot reach what is below it" "$HS_TMP/out")" = 1 && chmod 755 "$HS_SERVER" && mv "$roots" "$HS_SERVER/r" && wrong 1 && says "$roots: No such file" && ln -s /dev/null "$roots" && wrong 1 && says "$roots is not a regular file" &&
	rm "$roots" && mkfifo "$roots" && test_expect_code 1 timeout 30 handseal-verify --config "$HS_SERVER" check-config >"$HS_TMP/out" && rm "$roots" && mv "$HS_SERVER/r" "$roots" && ok
'
test_expect_success 'every root is told of, however many there are' '
	mkdir -p "$HS_SERVER/roots.d" && perl -MMIME::Base64 -e "my (\$type, \$key) = split q( ), <STDIN>; my \$n = 0;
		for my \$user (1 .. 5) { open my \$f, q(>), qq(\$ARGV[0]/u\$user) or die; for (1 .. 60) { substr(my \$b = decode_base64(\$key), 34, 4) = pack q(N), ++\$n; print \$f qq(\$type ), encode_base64(\$b, q()), qq(\\n) } }" "$HS_SERVER/roots.d" <"$HS_TMP/stranger.pub" &&
	ok && test "$(grep -c "(roots.d/u[1-5]:" "$HS_TMP/out")" = 300 && check --json && json "@{\$j->{roots}} == 300 + grep { !\$_->{of_user} } @{\$j->{roots}}" && rm "$HS_SERVER/roots.d/"*
'
test_expect_success 'lists: those that count, and why others do not' '
	lists=$HS_TMP/lists && mkdir "$lists" && hv_conf "HostName web1.example.com" "Revocations $lists" && ok && says "0 lists in $lists, wanted after 15 min" && forgelist "$lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session" serials=5 && ok && says "1 lists in" && ! grep warning "$HS_TMP/out" &&
	chmod 640 "$lists/$id.list" && ok && says "warning: $lists/$id.list: others cannot read it, so handseal-shell starts nothing" && chmod 644 "$lists/$id.list" && chmod 711 "$lists" && ok && says "warning: $lists: others cannot read it" && chmod 744 "$lists" && ok && says "warning: $lists: others cannot reach what is below it" && chmod 755 "$lists" &&
	forgelist "$lists/$id-b.list" root="$HS_TMP/stranger" session="$HS_TMP/session" serials=5 && echo x >"$lists/$id-c.list" && forgelist "$lists/$id-d.list" root="$HS_TMP/root" session="$HS_TMP/session2" serials=5 && : >"$lists/readme" && ln -s "$id.list" "$lists/$id-e.list" &&
	wrong 3 && says "warning: $lists/$id-b.list: it counts only under another root that touched for its session" && says "$id-c.list does not count: this is no list" && says "$id-d.list does not count: it is another session" && says "$id-e.list does not count: it is not a regular file" && says "warning: $lists/readme: it is never read" &&
	rm "$lists/$id-"?.list "$lists/readme" && ok && : >"$lists/root-$id-$id.list" && wrong 1 && says "root-$id-$id.list does not count" && rm "$lists/root-$id-$id.list" && rid=$(cut -d" " -f2 "$HS_TMP/root.pub" | base64 -d | sha256sum | cut -c1-16) && listctl make "$lists/root-$rid-1.list" root="$HS_TMP/root" session=$id && ok && says "2 lists in" &&
	listctl make "$lists/root-$rid-2.list" root="$HS_TMP/root2" session=$id && listctl make "$lists/root-$rid-3.list" root="$HS_TMP/root" session=$id flags=0 && wrong 2 && says "root-$rid-2.list does not count: it is another root" && says "root-$rid-3.list does not count: " && rm "$lists/root-"* && hv_roots "caps=\"read:repo/**\" $(cat "$HS_TMP/root.pub")" && ok && ! grep "warning.*nobody may" "$HS_TMP/out" && says "           for services: read:repo/**" && hv_roots &&
	sid=$(cut -d" " -f2 "$HS_TMP/stranger.pub" | base64 -d | sha256sum | cut -c1-16) && listctl make "$lists/root-$sid-1.list" root="$HS_TMP/stranger" session=$id && ok && says "warning: $lists/root-$sid-1.list: it counts for nothing: its root is not trusted" &&
	cp "$HS_TMP/stranger.pub" "$HS_SERVER/roots.d/ann" && ok && ! grep "warning.*counts" "$HS_TMP/out" && check --user deploy && says "warning: $lists/root-$sid-1.list: it counts for nothing" && rm "$HS_SERVER/roots.d/ann" &&
	rm -r "$lists" && wrong 1 && says "$lists: No such file" && hv_conf
'
test_expect_success '--json: the same' '
	hv_conf "HostName web1.example.com" "Namespaces git" && check --json && json "\$j->{ok} && !@{\$j->{problems}} && !@{\$j->{warnings}} && @{\$j->{roots}} == 2 && \$j->{roots}[0]{comment} eq \"Anna'\''s blue\" && \$j->{roots}[0]{fingerprint} eq \"$fp\" && join(\",\", @{\$j->{roots}[0]{users}}) eq \"deploy,root\" && \$j->{host_names}[0] eq \"web1.example.com\" && \$j->{namespaces}[0] eq \"git\" && \$j->{max_grant} == 86400" &&
	hv_conf "RequireUV maybe" "Nonsense" && test_expect_code 1 check --json && json "!\$j->{ok} && @{\$j->{problems}} == 2 && \$j->{problems}[0]{file} eq \"$conf\" && \$j->{problems}[0]{line} == 1 && \$j->{problems}[0]{column} == 11 && \$j->{problems}[1]{sentence} =~ /no such keyword/" && hv_conf
'
esc=$(printf '\033')
test_expect_success 'rule10: nothing raw reaches the terminal; mistakes on the command line' '
	printf "users=\"deploy\" %s \\033[31mred\n" "$(cut -d" " -f1,2 "$HS_TMP/root.pub")" >"$roots" && mkdir -p "$HS_SERVER/roots.d" && : >"$HS_SERVER/roots.d/a${esc}b" && wrong 1 && says "/a?b: it is never read" && ! grep "$esc" "$HS_TMP/out" && test_expect_code 1 check --user "x${esc}" && cat "$HS_TMP/out" "$HS_TMP/err" && ! grep "$esc" "$HS_TMP/out" "$HS_TMP/err" && rm -r "$HS_SERVER/roots.d" && hv_roots && ok &&
	for line in "check-config x" "check-config --user" "check-config --json --json" "--log stderr check-config" "--shell /a check-config"; do test_expect_code 2 handseal-verify $line 2>/dev/null || { echo "# $line" && return 1; }; done
'
hs_done
