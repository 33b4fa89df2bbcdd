#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `handseal enroll` and `handseal roots`, with the real helper and the software
# key: what is kept, what is refused before and after the touch, and that nothing of a helper that
# lies, dies, hangs or talks too much is kept.
test_description='handseal enroll and roots'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

roots=$XDG_CONFIG_HOME/handseal/roots
dev=softkey:$HS_TMP/blue.sock
real=$HANDSEAL_SK_HELPER

# enroll ARG...: with the software key
enroll() {
	timeout 60 handseal enroll --device "$dev" "$@"
}
# refuses CODE EXIT TEXT CMD...: fails so, says so, and leaves the roots as they were
refuses() {
	code=$1 status=$2 text=$3
	shift 3
	find "$roots" -type f -exec cat {} + >before 2>/dev/null
	test_expect_code $status "$@" >out 2>err &&
		grep -e "$text" err >/dev/null && grep "($code)" err >/dev/null &&
		find "$roots" -type f -exec cat {} + >after 2>/dev/null
	rc=$?
	test $rc = 0 && test_cmp before after || { cat out err && false; }
}
# usage ARG...: exit 2, with the synopsis
usage() {
	test_expect_code 2 handseal "$@" 2>err && grep "^usage: handseal" err >/dev/null
}
fingerprint() { ssh-keygen -l -f "$1" | cut -d' ' -f2; }
# for hs_spawn: a program with its signals as a terminal's, not as a background job's
fg_() { exec perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV or die' "$@"; }
# field FILE PERL: what PERL makes of the JSON $j
field() {
	perl -MJSON::PP -e 'local $/; open my $f, "<", shift or die; my $j = decode_json(<$f>);
		my $v = eval shift; die $@ if $@; print $v, "\n"' "$1" "$2"
}

test_expect_success 'a software key that is touched by command' 'hs_softkey_start blue'

# ---- enrolling

test_expect_success 'nothing is enrolled: roots says so, --pub fails' '
	handseal roots >out && grep "No security key is enrolled" out &&
	test_expect_code 1 handseal roots --pub >out 2>err && test ! -s out &&
	grep "(not-found)" err && handseal roots --json >out && test "$(field out "scalar @{\$j->{roots}}")" = 0
'
test_expect_success 'ed25519: waits for the touch, then says what was enrolled' '
	hs_spawn enrol handseal enroll --device "$dev" --name blue --owner "Anna Berg <anna@example.com>" &&
	hs_softkey blue wait 20 && grep "Touch it when it blinks" "$HS_TMP/enrol.log" &&
	! grep touched "$HS_TMP/enrol.log" && test ! -e "$roots/blue" && hs_softkey blue touch &&
	hs_wait enrol 20 && test "$HS_STATUS" = 0 && cp "$HS_TMP/enrol.log" out &&
	grep "Touch it when it blinks … touched\." out &&
	sed -n "s/^Key //p" "$roots/blue" >blue.pub && fp=$(fingerprint blue.pub) &&
	grep "^Enrolled blue  $fp  ed25519-sk, touch without PIN" out && grep "^SIMULATED: " out &&
	grep "A touch proves someone pressed this key. To prove it was you:  handseal enroll --pin" out &&
	grep "There is no recovery. Enrol a second key now:  handseal enroll --name spare" out &&
	grep "For a server:  handseal roots --pub" out && grep "^Wrote .*/policy\. It allows nothing yet" out
'
test_expect_success 'the root file: mode 0600 in folders of 0700, every line as it should be' '
	test "$(stat -c %a "$roots/blue")" = 600 && test "$(stat -c %a "$roots")" = 700 &&
	test "$(stat -c %a "$XDG_CONFIG_HOME/handseal")" = 700 && test "$(ls -A "$roots")" = blue &&
	grep -x "Name blue" "$roots/blue" && grep -x "Owner Anna Berg <anna@example.com>" "$roots/blue" &&
	grep -E -x "Handle [A-Za-z0-9+/]+=*" "$roots/blue" && grep -E -x "Created [0-9]+" "$roots/blue" &&
	grep -E -x "AAGUID [0-9a-f-]{36}" "$roots/blue" && grep -x "Attestation unverified" "$roots/blue" &&
	grep -x "Device $dev" "$roots/blue" && grep -x "Simulated yes" "$roots/blue" && grep -x "Verify touch" "$roots/blue" &&
	ssh-keygen -l -f blue.pub | grep "ED25519-SK"
'
test_expect_success 'ecdsa, in JSON: one value on stdout, the person is talked to on stderr' '
	hs_softkey blue touch-next && enroll --type ecdsa --name spare --json >out 2>err &&
	test "$(field out "\$j->{name}")" = spare && test "$(field out "\$j->{type}")" = ecdsa-sk &&
	test "$(field out "\$j->{simulated} && !\$j->{imported}")" = 1 &&
	test "$(field out "\$j->{file}")" = "$roots/spare" && grep "^SIMULATED" err && ! grep Wrote err &&
	field out "\$j->{key}" >spare.pub && ssh-keygen -l -f spare.pub | grep ECDSA-SK &&
	test "$(field out "\$j->{fingerprint}")" = "$(fingerprint spare.pub)" &&
	grep "Touch it when it blinks … touched" err && ! grep "no recovery" err
'
test_expect_success 'from here on every touch is given' 'hs_softkey blue auto on'
test_expect_success 'a name is found when none is given' '
	enroll >out && grep "^Enrolled key1 " out && enroll >out && grep "^Enrolled key2 " out &&
	test -e "$roots/key1" && test -e "$roots/key2" && rm "$roots/key1" "$roots/key2"
'
test_expect_success 'a relative path of the software key is made absolute' '
	ln -s "$HS_TMP/blue.sock" here.sock && handseal enroll --device softkey:here.sock --name rel &&
	grep -x "Device softkey:$PWD/here.sock" "$roots/rel" && rm "$roots/rel"
'

# ---- refused before anybody is asked for a touch

test_expect_success 'a name that is taken' '
	hs_softkey blue auto off && refuses io-failed 1 "never overwritten" enroll --name blue &&
	! grep "Touch it" out && : >"$roots/other" &&
	refuses io-failed 1 "never overwritten" enroll --name other && rm "$roots/other" &&
	ln -s /nonexistent "$roots/dangling" &&
	refuses io-failed 1 "never overwritten" enroll --name dangling && rm "$roots/dangling"
'
test_expect_success 'command lines that are not right: exit 2' '
	usage enroll --type rsa && usage enroll --name "" && usage enroll --name ../x &&
	usage enroll --name .x && usage enroll --name "a b" &&
	usage enroll --name 123456789012345678901234567890123 && usage enroll x && usage enroll --pin=1 &&
	usage enroll --what && usage enroll --name && usage enroll --owner " x" && usage enroll --owner "x " &&
	usage enroll --owner "$(printf "a\nName x")" && usage enroll --owner "$(printf "\033[2J")" &&
	usage enroll --owner "$(printf "%129s" | tr " " x)" && usage enroll --device "" &&
	usage enroll --import x --type ecdsa && usage enroll --import x --device "$dev" &&
	! grep "$(printf "\033")" err && handseal enroll --help >out && grep "^usage: handseal enroll" out
'
test_expect_success 'a device path that is too long, or cannot be shown' '
	n=$(printf "%120s" | tr " " x) &&
	refuses too-long 1 "too long" handseal enroll --device "softkey:/$n" &&
	refuses malformed 1 "do not show" handseal enroll --device "softkey:/$(printf "\033")" &&
	test_expect_code 1 handseal enroll --device relative 2>err && grep "(.*)" err
'
test_expect_success 'a folder that cannot be written' '
	chmod 755 "$HS_TMP" "$HS_ROOT" && mkdir theirs && chmod 755 theirs && test ! -e theirs/handseal &&
	test_expect_code 1 hs_as other env XDG_CONFIG_HOME="$PWD/theirs" handseal enroll --device "$dev" \
		2>err && grep "cannot make .*theirs/handseal" err && mkdir -p theirs/handseal/roots &&
	test_expect_code 1 hs_as other env XDG_CONFIG_HOME="$PWD/theirs" handseal enroll --device "$dev" \
		2>err >out && grep "theirs/handseal/roots" err && ! grep "Touch it" out &&
	: >file && test_expect_code 1 env XDG_CONFIG_HOME="$PWD/file" handseal enroll 2>err &&
	grep "cannot " err
'
test_expect_success 'a folder that others can write' '
	chmod 777 "$roots" && refuses io-failed 1 "others can write it" enroll --name x &&
	chmod 700 "$roots"
'
test_expect_success 'sixty-four roots are the most' '
	mkdir -p many/handseal/roots && chmod 700 many/handseal/roots && perl -MMIME::Base64 -e "
		for my \$i (1..64) {
			my \$pub = pack(\"N/a* N/a* N/a*\", \"sk-ssh-ed25519\\@openssh.com\",
				pack(\"a31C\", \"k\", \$i), \"ssh:handseal\");
			open my \$f, \">\", \"many/handseal/roots/r\$i\" or die;
			print \$f \"Name r\$i\nKey sk-ssh-ed25519\\@openssh.com \", encode_base64(\$pub, \"\"),
				\"\nHandle AAAA\nCreated 1\nAttestation none\nSimulated no\n\";
		}" && XDG_CONFIG_HOME=$PWD/many handseal roots --json >out &&
	test "$(field out "scalar @{\$j->{roots}}")" = 64 &&
	test_expect_code 1 env XDG_CONFIG_HOME="$PWD/many" handseal enroll --device "$dev" 2>err &&
	grep "64 roots are enrolled" err
'

# ---- the touch that does not come

test_expect_success 'no key at that place' '
	refuses no-device 1 . handseal enroll --device "softkey:$HS_TMP/none.sock" --name x
'
test_expect_success 'nobody touches it' '
	refuses touch-timeout 1 "not touched" env HANDSEAL_TOUCH_SECONDS=1 handseal enroll --device "$dev" \
		--name x && ! grep "touched\." out
'
test_expect_success 'declined on the key: exit 4' '
	hs_softkey blue fault deny && refuses touch-denied 4 . enroll --name x && hs_softkey blue fault none
'
test_expect_success 'what the key says is told' '
	hs_softkey blue fault store-full && refuses key-store-full 1 . enroll --name x &&
	hs_softkey blue fault none && hs_softkey blue touch-next && enroll --name x && rm "$roots/x"
'
test_expect_success 'an interrupt calls it off: exit 4, nothing kept, the key stops waiting' '
	for s in INT TERM HUP; do
		hs_spawn enrol fg_ handseal enroll --device "$dev" --name x &&
		hs_softkey blue wait 20 && hs_stop enrol $s && test "$HS_STATUS" = 4 &&
		grep "(touch-cancelled)" "$HS_TMP/enrol.log" && test ! -e "$roots/x" &&
		hs_wait_for "hs_softkey blue state | grep -q \"waiting no\"" 10 || return 1
	done
'
test_expect_success 'an interrupt in JSON tells the error' '
	hs_spawn enrol fg_ handseal enroll --device "$dev" --name x --json && hs_softkey blue wait 20 &&
	hs_stop enrol INT && test "$HS_STATUS" = 4 && grep "\"code\": \"touch-cancelled\"" "$HS_TMP/enrol.log" &&
	grep "\"exit\": 4" "$HS_TMP/enrol.log" && hs_wait_for "hs_softkey blue state | grep -q \"waiting no\"" 10
'
test_expect_success 'two at once do not overwrite each other: the second keeps nothing' '
	cat >$HS_TMP/slow <<-EOF &&
	#!/bin/sh
	cat >$HS_TMP/req
	: >$HS_TMP/slow.up
	while [ ! -e $HS_TMP/slow.go ]; do sleep 0.03; done
	exec $real <$HS_TMP/req
	EOF
	chmod 755 $HS_TMP/slow && hs_softkey blue auto on &&
	hs_spawn one env HANDSEAL_SK_HELPER="$HS_TMP/slow" handseal enroll --device "$dev" --name same &&
	hs_wait_for "test -e $HS_TMP/slow.up" 10 && enroll --name same >out && cp "$roots/same" kept &&
	true >$HS_TMP/slow.go && hs_wait one 30 && test "$HS_STATUS" = 1 && grep "never overwritten" "$HS_TMP/one.log" &&
	test_cmp kept "$roots/same" && test "$(ls "$roots")" = "$(printf "blue\nsame\nspare")" && rm "$roots/same"
'

# ---- helpers gone wrong

# helper BODY: a shell script in its place; $real, $tmp are set
helper() {
	printf '#!/bin/sh\nreal=%s tmp=%s\n%s\n' "$real" "$HS_TMP" "$1" >$HS_TMP/fake && chmod 755 $HS_TMP/fake
	HANDSEAL_SK_HELPER=$HS_TMP/fake
}
# no program that a helper started is left
none_left() { ! cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep 'slee[p] 1000'; }
# lying PERL: the real helper's answer, with PERL run over its fields in %a
lying() {
	cat >$HS_TMP/lie.pl <<-'EOF'
	my ($change, $file) = (shift, shift);
	local $/;
	my $frame = <STDIN>;
	my %a;
	@a{qw(version op code sentence key handle product aaguid flags auth sig cert simulated)} =
		unpack "x4 C C N/a* N/a* N/a* N/a* N/a* a16 C N/a* N/a* N/a* C", $frame;
	my $behind = "";
	eval $change;
	die $@ if $@;
	my $body = pack "C C N/a* N/a* N/a* N/a* N/a* a16 C N/a* N/a* N/a* C",
		@a{qw(version op code sentence key handle product aaguid flags auth sig cert simulated)};
	print pack("N/a*", $body), $behind;
	EOF
	printf '%s' "$1" >$HS_TMP/lie
	helper '"$real" | perl "$tmp/lie.pl" "$(cat "$tmp/lie")"'
}

test_expect_success 'one that changes nothing is believed' '
	lying "" && enroll --name x && rm "$roots/x"
'
test_expect_success 'helper-lied: each field that is not what the key signed' '
	while IFS="|" read -r change text; do
		lying "$change" && refuses helper-lied 1 "$text" enroll --name x || { echo "# $change" && return 1; }
	done <<-\EOF
	substr($a{key}, 40, 1) ^= "\1"|public key
	$a{key} =~ s/ssh:handseal/ssh:otherapp/|another application
	$a{key} = "x"|cannot be read
	substr($a{handle}, 3, 1) ^= "\1"|key handle
	$a{aaguid} = "\0" x 16|AAGUID
	$a{flags} = 0x45|flags
	substr($a{auth}, 0, 1) ^= "\1"|another application
	substr($a{auth}, 32, 1) = "\x40"; $a{flags} = 0x40|touched
	substr($a{auth}, 32, 1) = "\x49"; $a{flags} = 0x49|stays on its key
	substr($a{auth}, 36, 1) ^= "\1"|not good
	$a{auth} .= "x"|public key
	$a{auth} = substr($a{auth}, 0, 50)|cut short
	substr($a{sig}, -1) ^= "\1"|not good
	$a{sig} = ""|not good
	chop $a{cert}|cannot be read
	$a{cert} = ""|not good
	$a{simulated} = 0|software key real
	EOF
'
test_expect_success 'helper-lied: the answer to an earlier asking, and another type than was asked for' '
	helper "cat >\$tmp/req; exec \$real <\$tmp/req" && enroll --name x && cp $HS_TMP/req $HS_TMP/old && rm "$roots/x" &&
	helper "cat >/dev/null; exec \$real <\$tmp/old" &&
	refuses helper-lied 1 "not good" enroll --name x &&
	refuses helper-lied 1 "another type" enroll --type ecdsa --name x
'
test_expect_success 'helper-failed: answers that are none' '
	while IFS=% read -r body text; do
		helper "$body" && refuses helper-failed 1 "$text" enroll --name x || { echo "# $body" && return 1; }
	done <<-\EOF
	:%status 0 and without an answer
	cat >/dev/null; exit 3%status 3 and without an answer
	exec cat%malformed
	kill -SEGV $$%signal 11
	printf "\0\0\0\1\1"%malformed
	printf "\0\0\0\0"%malformed
	printf "\377\377\377\377"%malformed
	"$real" | head -c 100%malformed
	"$real" | tee $tmp/one; cat $tmp/one%malformed
	"$real"; printf x%malformed
	echo "handseal: all is well"%malformed
	exec cat /dev/zero%too long
	EOF
'
test_expect_success 'helper-failed: an answer to something else' '
	lying "\$a{op} = 2" && refuses helper-failed 1 malformed enroll --name x &&
	lying "\$a{op} = 9" && refuses helper-failed 1 malformed enroll --name x &&
	lying "\$a{version} = 2" && refuses helper-failed 1 malformed enroll --name x &&
	lying "\$behind = \$frame" && refuses helper-failed 1 malformed enroll --name x &&
	lying "\$a{simulated} = 2" && refuses helper-failed 1 malformed enroll --name x
'
test_expect_success 'helper-failed: one that hangs is killed, with what it has started' '
	helper "sleep 1000 & sleep 1000" &&
	refuses helper-failed 1 "did not end in time" env HANDSEAL_TOUCH_SECONDS=1 handseal enroll \
		--device "$dev" --name x && none_left
'
test_expect_success 'one that leaves a child behind is believed, the child is killed' '
	helper "sleep 1000 & exec \"\$real\"" && enroll --name x && rm "$roots/x" && none_left
'
test_expect_success 'one that is not there' '
	HANDSEAL_SK_HELPER=$PWD/nonesuch && refuses helper-failed 1 "cannot be run: No such file" enroll --name x &&
	HANDSEAL_SK_HELPER=fake && refuses helper-failed 1 "begins with /" enroll --name x
'
test_expect_success 'what a helper or a key says reaches no terminal raw' '
	esc=$(printf "\033") && helper "perl -e '\''
		my \$s = qq(\\e]0;owned\\a\\e[2Jx); print pack(q(N/a*), pack(q(C C N/a* N/a* C), 1, 1, q(no-device), \$s, 255))'\''" &&
	test_expect_code 1 enroll --name x >out 2>err && ! grep "$esc" out err && test ! -e "$roots/x" &&
	lying "\$a{product} = qq(\\e[2Jkey)" && enroll --name x >out 2>err; ! grep "$esc" out err &&
	rm -f "$roots/x"; HANDSEAL_SK_HELPER=$real
'

# ---- taking over a key that ssh-keygen made

# skfile FILE ed25519|ecdsa [KEY=VALUE...]: OpenSSH's own file
cat >skfile.pl <<'EOF'
use MIME::Base64;
my ($file, $kind, %o) = (shift, shift, map { split /=/, $_, 2 } @ARGV);
%o = (app => 'ssh:handseal', cipher => 'none', kdf => 'none', flags => 1, comment => 'anna@laptop', seed => 7, %o);
my $g = pack 'H*', '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'
	. '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5';
my $pub = $kind eq 'ecdsa'
	? pack 'N/a* N/a* N/a* N/a*', 'sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', $g, $o{app}
	: pack 'N/a* N/a* N/a*', 'sk-ssh-ed25519@openssh.com', chr($o{seed}) x 32, $o{app};
my $priv = pack('NN', 9, 9) . $pub . pack 'C N/a* N/a* N/a*', $o{flags}, 'h' x 64, '', $o{comment};
for (my $i = 1; length($priv) % 8; $i++) { $priv .= chr $i }
my $blob = "openssh-key-v1\0" . pack('N/a* N/a* N/a* N N/a* N/a*', $o{cipher}, $o{kdf}, '', 1, $pub, $priv);
open my $f, '>', $file or die;
chmod 0600, $file;
print $f "-----BEGIN OPENSSH PRIVATE KEY-----\n", encode_base64($blob) =~ s/(.{1,70})\n?/$1\n/gr,
	"-----END OPENSSH PRIVATE KEY-----\n";
EOF
skfile() { perl skfile.pl "$@"; }

test_expect_success 'OpenSSH takes the files that are imported here for its own' '
	for k in ed25519 ecdsa; do
		skfile $k.sk $k && ssh-keygen -y -f $k.sk >$k.pub && grep "^sk-.* anna@laptop$" $k.pub &&
		ssh-keygen -l -f $k.sk | grep -i "($k-sk)" || return 1
	done
'
test_expect_success 'both kinds are imported, without a touch and without a helper' '
	HANDSEAL_SK_HELPER=/nonexistent &&
	handseal enroll --import ed25519.sk --name old >out && fp=$(fingerprint ed25519.pub) &&
	grep "^Imported old  $fp  ed25519-sk" out && grep "is not known: it was not asked" out &&
	! grep "Touch it\|SIMULATED" out && grep -x "Key $(cut -d" " -f1,2 ed25519.pub)" "$roots/old" &&
	grep -x "Owner anna@laptop" "$roots/old" && grep -x "Attestation none" "$roots/old" &&
	grep -x "Simulated no" "$roots/old" && ! grep "AAGUID\|Device\|Product" "$roots/old" &&
	test "$(stat -c %a "$roots/old")" = 600 && handseal enroll --import ecdsa.sk --owner Anna --json >out 2>err &&
	test "$(field out "\$j->{imported} && \$j->{owner} eq q(Anna) && !defined \$j->{aaguid}")" = 1 &&
	test "$(field out "\$j->{fingerprint}")" = "$(fingerprint ecdsa.pub)" && test -e "$roots/key1"
'
test_expect_success 'made with verify-required, or with --pin said, it is touched with its PIN' '
	for how in 5: 1:--pin; do
		skfile pin.sk ed25519 flags=${how%:*} seed=9 && handseal enroll --import pin.sk --name pinned ${how#*:} >out &&
		grep "^Imported pinned .*, touch with PIN$" out && grep -x "Verify pin" "$roots/pinned" && rm "$roots/pinned" || return 1
	done
'
test_expect_success 'a key that is enrolled already' '
	refuses io-failed 1 "enrolled already, as old" handseal enroll --import ed25519.sk --name again
'
test_expect_success 'wrong application, encrypted, plain, public, none' '
	skfile app.sk ed25519 app=ssh: && ssh-keygen -y -f app.sk >/dev/null &&
	refuses key-type 1 "its application is ssh:," handseal enroll --import app.sk --name x &&
	skfile enc.sk ed25519 cipher=aes256-ctr kdf=bcrypt &&
	refuses unsupported 1 "is encrypted" handseal enroll --import enc.sk --name x &&
	ssh-keygen -q -t ed25519 -N "" -f plain && ssh-keygen -q -t ecdsa -N secret -f locked &&
	refuses key-type 1 "not a security key" handseal enroll --import plain --name x &&
	refuses unsupported 1 "is encrypted" handseal enroll --import locked --name x &&
	refuses key-type 1 "no private key file" handseal enroll --import ed25519.pub --name x &&
	head -c 200 ed25519.sk >cut.sk && refuses truncated 1 malformed handseal enroll --import cut.sk --name x &&
	refuses not-found 1 nonesuch handseal enroll --import nonesuch --name x &&
	refuses io-failed 1 . handseal enroll --import . --name x &&
	head -c 20000 /dev/zero >long.sk && refuses too-long 1 . handseal enroll --import long.sk --name x
'
test_expect_success 'a comment that may not be shown is no owner' '
	skfile odd.sk ed25519 seed=8 "comment=$(printf "a\nSimulated no\033[2J")" &&
	handseal enroll --import odd.sk --name odd >out && ! grep Owner "$roots/odd" && rm "$roots/odd" &&
	HANDSEAL_SK_HELPER=$real
'

# ---- roots

test_expect_success 'the list: name, fingerprint, type, owner, SIMULATED' '
	handseal roots >out 2>err && test ! -s err &&
	grep "^blue  $(fingerprint blue.pub)  ed25519-sk, touch without PIN" out &&
	grep "^spare  $(fingerprint spare.pub)  ecdsa-sk" out &&
	grep "enrolled .*, Anna Berg <anna@example.com>" out && test "$(grep -c SIMULATED: out)" = 2 &&
	test "$(grep -c "imported: what kind" out)" = 2 && ! grep "no recovery" out
'
test_expect_success 'the list in JSON' '
	handseal roots --json >out &&
	test "$(field out "join q( ), map { \$_->{name} } @{\$j->{roots}}")" = "blue key1 old spare" &&
	test "$(field out "\$j->{roots}[0]{owner}")" = "Anna Berg <anna@example.com>" &&
	test "$(field out "\$j->{roots}[0]{simulated} && !\$j->{roots}[2]{simulated}")" = 1 &&
	test "$(field out "\$j->{roots}[0]{created}{unix} > 1700000000")" = 1 &&
	test "$(field out "scalar @{\$j->{bad}}")" = 0
'
test_expect_success '--pub: lines for servers, which name nobody when root asks' '
	handseal roots --pub >out && grep -v "^#" out >lines && test "$(wc -l <lines)" = 4 &&
	grep "^users=\"CHANGE-ME\" $(cat blue.pub) blue, Anna Berg <anna@example.com> SIMULATED$" lines &&
	grep "^# As it stands, it admits nobody" out &&
	test "$(grep -c "^# direct: cert-authority sk-" out)" = 4 &&
	handseal roots --pub --json >json && field json "\$j->{roots}[0]{server_line}" >line &&
	grep -x -F "$(cat line)" lines && sed -n "s/^# direct: cert-authority //p" out >direct &&
	ssh-keygen -l -f direct >fps && test "$(wc -l <fps)" = 4
'
test_expect_success '--pub: the login of whoever asks; handseal-verify can read it' '
	cp -r "$XDG_CONFIG_HOME" mine && chown -R other mine && chmod 755 . &&
	hs_as other env XDG_CONFIG_HOME="$PWD/mine" handseal roots --pub >"$HS_SERVER/roots" &&
	test "$(grep -c "^users=\"other\" sk-" "$HS_SERVER/roots")" = 4 &&
	! grep "admits nobody" "$HS_SERVER/roots" &&
	echo "HostName web1.example.com" >"$HS_SERVER/verify.conf" && ssh-keygen -q -t ed25519 -N "" -f ca &&
	ssh-keygen -q -s ca -I x -n other plain.pub && read -r t k _ <plain-cert.pub &&
	handseal-verify --config "$HS_SERVER" --log stderr keys other $t $k >out 2>err; cat err;
	test ! -s out && ! grep "skipped\|verify.conf" err
'
test_expect_success 'files that are not in order are named, with line and column; the others hold' '
	sed "s/^Created .*/Created soon/" "$roots/old" >"$roots/bad1" && cp "$roots/blue" "$roots/bad2" &&
	printf "Name bad3" >"$roots/bad3" && mkdir "$roots/bad4" && ln -s blue "$roots/bad5" &&
	sed "s/^Name .*/Name bad6/" "$roots/old" >"$roots/bad6" && : >"$roots/-bad7" &&
	: >"$roots/.hidden" && sed "s/^Name .*/Name zz/" "$roots/blue" >"$roots/zz" &&
	sed "s/^Name .*/Name zzz/" "$roots/blue" >"$roots/zzz" && chmod 666 "$roots/zz" &&
	cp "$roots/blue" blue.kept && rm "$roots/old" "$roots/blue" && ln -s "$PWD/blue.kept" "$roots/blue" &&
	test_expect_code 1 handseal roots >out 2>err && grep -o "^[a-z0-9]*  SHA" out >got &&
	printf "%s  SHA\n" bad6 key1 spare zzz >want && test_cmp want got &&
	line=$(grep -n "^Created" "$roots/bad1" | cut -d: -f1) &&
	grep "^handseal: $roots/bad1:$line:9: not used: Created is a time" err &&
	grep "bad2: not used: it says that its name is blue" err && grep "bad3:1:10: not used: .*cut off" err &&
	grep "bad4: not used: it is no regular file" err && grep "bad5: not used: it is no regular file" err &&
	grep "blue: not used: it is no regular file" err && grep "zz: not used: others can write it" err &&
	grep "/-bad7: not used: its name" err && ! grep hidden err &&
	cp "$roots/bad6" "$roots/bad0" && sed -i "s/^Name .*/Name bad0/" "$roots/bad0" &&
	test_expect_code 1 handseal roots --json >out 2>err &&
	grep "bad6: not used: another file holds the same key" err &&
	test "$(field out "scalar @{\$j->{bad}}")" = 9 &&
	test "$(field out "(grep { \$_->{file} =~ /bad1/ } @{\$j->{bad}})[0]{column}")" = 9 &&
	sed "s/^Name .*/Name old/" "$roots/bad0" >kept && rm -r "$roots"/bad* "$roots"/-bad7 "$roots"/zz* &&
	rm "$roots/.hidden" "$roots/blue" && mv kept "$roots/old" && mv blue.kept "$roots/blue" &&
	handseal roots >out 2>err && test ! -s err && test "$(grep -c "touch without PIN" out)" = 4
'
test_expect_success 'remove: what is no fingerprint, or of no key' '
	usage roots remove && usage roots remove a b && usage roots remove blue && usage roots remove SHA256: &&
	usage roots remove SHA256:1234567 && usage roots --pub remove SHA256:12345678 && usage roots rm &&
	usage roots --what && refuses not-found 1 "no enrolled key" handseal roots remove SHA256:12345678 &&
	refuses not-found 1 "no enrolled key" handseal roots remove "$(fingerprint plain.pub)" &&
	refuses not-found 1 "no enrolled key" handseal roots remove "$(fingerprint blue.pub)x" &&
	test_expect_code 1 handseal roots remove SHA256:12345678 --json >out 2>err &&
	test "$(field out "\$j->{error}{code}")" = not-found && handseal roots --help >out
'
test_expect_success 'remove: by fingerprint or eight characters of it; says what stays valid' '
	fp=$(fingerprint spare.pub) && handseal roots remove "$fp" >out && test ! -e "$roots/spare" &&
	grep "^Removed spare  $fp" out && grep "session that it opened" out &&
	grep "servers trust it until" out && grep "certificates that were handed out" out &&
	fp=$(fingerprint ed25519.pub) && handseal roots remove "$(echo $fp | cut -c1-15)" --json >out &&
	test "$(field out "\$j->{removed}{name}")" = old && test ! -e "$roots/old" &&
	handseal roots >out && test "$(grep -c "touch without PIN" out)" = 2
'
test_expect_success 'removed, a key can be imported again; the last one is told to be the last' '
	handseal enroll --import ed25519.sk --name old && handseal roots remove "$(fingerprint ed25519.pub)" &&
	handseal roots remove "$(fingerprint ecdsa.pub)" && handseal roots >out &&
	grep "no recovery from its loss" out
'
test_expect_success 'remove: a folder that cannot be written' '
	cp -r mine ro && chown -R root ro && chmod -R a+rX,go-w ro &&
	test_expect_code 1 hs_as other env XDG_CONFIG_HOME="$PWD/ro" handseal roots remove \
		"$(fingerprint blue.pub)" 2>err && grep "cannot remove" err && test -e ro/handseal/roots/blue
'
hs_done
