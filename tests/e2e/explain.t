#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: handseal-verify explain gives the answer that sshd would get, says whose touch
# stands behind a certificate, and for each kind of no why, and what would change it. It needs no
# server and no rights.
test_description='what a certificate says to a person'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_init "$@"

from="--user deploy --from 192.0.2.14"

explain() { # CERT ARG...
	hv_n_=$1
	shift
	handseal-verify --config "$HS_SERVER" explain "$HS_TMP/$hv_n_-cert.pub" "$@" \
		>"$HS_TMP/out" 2>"$HS_TMP/err"
}
yes_() { # CERT ARG...
	explain "$@" && head -n 1 "$HS_TMP/out" | grep "^YES, " && test ! -s "$HS_TMP/err"
}
no_() { # CODE CERT ARG...
	hv_code_=$1
	shift
	test_expect_code 3 explain "$@" || { cat "$HS_TMP/out" "$HS_TMP/err" && return 1; }
	head -n 1 "$HS_TMP/out" | grep "^NO, $hv_code_: ." || { cat "$HS_TMP/out" && return 1; }
}
says() { grep -F -e "$1" "$HS_TMP/out"; }
json() { # EXPRESSION: of the object in $j, in perl
	test "$(wc -l <"$HS_TMP/out")" = 1 &&
		perl -MJSON::PP -e 'my $j = JSON::PP->new->utf8->decode(join "", <STDIN>);
			eval(shift) or die "not so: ", JSON::PP->new->canonical->pretty->encode($j)' \
			"$1" <"$HS_TMP/out"
}
scope() { # NAME LINE...: a certificate of that scope
	hv_name_=$1
	shift
	hv_scope "$@" >"$HS_TMP/$hv_name_.scope" &&
		hv_cert "$hv_name_" scope="$HS_TMP/$hv_name_.scope"
}

test_expect_success 'roots, a session, an agent, a certificate' '
	for r in root:ed25519 root2:ecdsa stranger:ed25519; do
		forgecert root ${r#*:} "$HS_TMP/${r%:*}" || return 1
	done &&
	forgecert session "$HS_TMP/session" && forgecert session "$HS_TMP/session2" &&
	ssh-keygen -q -t ed25519 -N "" -C agent -f "$HS_TMP/id" &&
	hv_scope "user deploy" "host web1.example.com" "addr *" "cmd id -un" "cmd echo ..." \
		>"$HS_TMP/scope" &&
	hv_roots && hv_conf && hv_cert good &&
	fp=$(ssh-keygen -lf "$HS_TMP/root.pub" | cut -d" " -f2)
'
test_expect_success 'yes: for whom, from where, until when, and what stands behind it' '
	yes_ good $from --cmd "id -un" &&
	head -n 1 "$HS_TMP/out" | grep -E "^YES, web1.example.com would admit it: deploy from 192.0.2.14 until 20..-..-.. ..:..:.. UTC \((14 min|15 min)" &&
	grep -E "^  who      claude, session [0-9a-f]{16}   \(named by the daemon; nothing proves it\)$" "$HS_TMP/out" &&
	grep -E "^  id       handseal:[0-9a-f]{16}:1:claude   serial 1$" "$HS_TMP/out" &&
	says "  touch    Anna'\''s blue $fp" && says "pressed, no PIN" &&
	says "deploy@web1.example.com   echo ... (and any further words) | id -un" && says "both signatures good" &&
	says "  shown    SHA-256 " && says "is record 7 of" && says "for main" &&
	says "  revoked  not known: verify.conf names no folder of lists"
'
test_expect_success 'from where it was asked for' '
	yes_ good $from && says "  origin   asked for by a process of the daemon'\''s machine" &&
	for o in forwarded:"over a connection forwarded from another host" opaque:"by a process that could not be seen"; do
		hv_cert "${o%%:*}" origin=${o%%:*} && yes_ "${o%%:*}" $from && says "  origin   asked for ${o#*:}" &&
		explain "${o%%:*}" $from --json && json "\$j->{certificate}{origin} eq \"${o%%:*}\"" || return 1
	done && explain good --json && json "\$j->{certificate}{origin} eq \"local\""
'
test_expect_success 'without a user: the chain and the times alone' '
	yes_ good && says "YES, web1.example.com trusts it until" &&
	yes_ good --user deploy && says "would admit it: deploy until"
'
test_expect_success 'touches with PIN, roots with an ecdsa key' '
	hv_cert pin flags=5 && yes_ pin $from && says "pressed, and PIN or finger verified" &&
	hv_cert ecdsa root="$HS_TMP/root2" && yes_ ecdsa $from && says "Anna'\''s spare SHA256:"
'

test_expect_success 'no: what is outside the scope' '
	no_ root-not-for-user good --user other && says "that name in the users= of $HS_SERVER/roots:1" &&
	no_ user-outside-scope good --user root && says "handseal request" &&
	hv_conf "HostName web2.example.com" && no_ host-outside-scope good $from &&
	says "or a name of its scope as HostName in $HS_SERVER/verify.conf" && hv_conf &&
	scope net "user deploy" "host *" "addr 198.51.100.0/24" "cmd id" &&
	no_ address-outside-scope net $from && yes_ net --user deploy --from 198.51.100.9 &&
	no_ address-outside-scope good --user deploy --from nonsense
'
test_expect_success 'no: commands, as a client would send them' '
	no_ command-outside-scope good $from --cmd "cat /etc/passwd" && says "handseal request" &&
	no_ command-outside-scope good $from --cmd "id -un; id" && says "without a shell" &&
	no_ command-outside-scope good $from --cmd "echo *" &&
	no_ command-outside-scope good $from --cmd "" &&
	no_ command-outside-scope good $from --cmd subsystem:sftp &&
	yes_ good $from --cmd "echo '\''a; b'\''" &&
	scope sftp "user deploy" "host *" "addr *" "cmd subsystem:sftp" &&
	yes_ sftp $from --cmd subsystem:sftp && yes_ sftp $from --cmd internal-sftp &&
	no_ command-outside-scope sftp $from --cmd subsystem:sftp-write &&
	scope any "user deploy" "host *" "addr *" "cmd *" && yes_ any $from --cmd subsystem:sftp-write &&
	yes_ any $from --cmd "id -un; id | cat *" && yes_ any $from --cmd "echo *" && scope part "user deploy" "host *" "addr *" "cmd echo ..." && no_ command-outside-scope part $from --cmd "echo *" && says "without a shell"
'
test_expect_success 'no command at all: a shell, where permit pty stands beside cmd *; of a direct certificate under cmd * alone' '
	no_ pty-outside-scope any $from --cmd "" && says "handseal request --permit pty" && test_expect_code 3 explain any $from --cmd "" --json && json "\$j->{code} eq \"pty-outside-scope\"" &&
	scope shell "user deploy" "host *" "addr *" "cmd *" "permit pty" && yes_ shell $from --cmd "" &&
	forgecert direct "$HS_TMP/direct-cert.pub" root="$HS_TMP/root" key="$HS_TMP/id.pub" scope="$HS_TMP/any.scope" &&
	hv_roots "users=\"deploy\",direct $(cat "$HS_TMP/root.pub") Anna" && yes_ direct $from --cmd "" && yes_ direct $from --cmd "id; id" && hv_roots
'
test_expect_success 'no: an unknown root, and the line that it would take is one that does' '
	hv_cert foreign root="$HS_TMP/stranger" && no_ root-unknown foreign $from &&
	says "if you know whose key it is" && says "(not known here)" &&
	says "$(ssh-keygen -lf "$HS_TMP/stranger.pub" | cut -d" " -f2)" &&
	grep -x "  users=\"deploy\" $(cut -d" " -f1,2 "$HS_TMP/stranger.pub")" "$HS_TMP/out" >"$HS_TMP/line" &&
	hv_roots "$(cat "$HS_TMP/line")" && yes_ foreign $from && hv_roots &&
	no_ root-unknown foreign && grep -x "  users=\"\*\" sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" "$HS_TMP/out" &&
	no_ root-unknown foreign --user "x\" evil" && grep -x "  users=\"\*\" sk-ssh.*" "$HS_TMP/out"
'
test_expect_success 'roots of one user: with --user, and told of without' '
	mkdir "$HS_SERVER/roots.d" && cp "$HS_TMP/stranger.pub" "$HS_SERVER/roots.d/deploy" && yes_ foreign $from && says "YES, web1.example.com would admit it: deploy" && no_ root-unknown foreign && says "which --user looks at" &&
	no_ root-unknown foreign --user root && ! says "which --user looks at" && echo "max-delegation=1m $(cat "$HS_TMP/stranger.pub")" >"$HS_SERVER/roots.d/deploy" && no_ too-long-lived foreign $from && rm -r "$HS_SERVER/roots.d"
'
test_expect_success 'no: the touch' '
	hv_cert untouched flags=0 && no_ no-touch untouched $from &&
	says "the signature does not show a touch" && says "the root'\''s signature is NOT good" &&
	hv_conf "HostName web1.example.com" "RequireUV yes" && no_ no-verification good $from &&
	yes_ pin $from && hv_conf
'
test_expect_success 'no: the times' '
	hv_cert old grant-after=-7200 after=-3600 before=-5 && no_ expired old $from &&
	says "It would take a new one:  handseal request" &&
	hv_cert early after=600 before=900 && no_ not-yet-valid early $from &&
	hv_cert long grant-end=90000 && no_ too-long-lived long $from && says "MaxGrant and MaxDelegation" &&
	hv_conf "HostName web1.example.com" "MaxDelegation 1m" && no_ too-long-lived good $from && hv_conf
'
test_expect_success 'no: the chain' '
	hv_scope "user deploy" "host web1.example.com" "addr *" "cmd id" >"$HS_TMP/narrow" &&
	hv_cert wide ceiling="$HS_TMP/narrow" && no_ wider-than-grant wide $from &&
	forgecert faults >"$HS_TMP/faults" && while read -r fault code; do
		hv_cert fault wrong=$fault && no_ $code fault $from || { echo "# $fault" && return 1; }
	done <"$HS_TMP/faults"
'
test_expect_success 'no: a signature that is not good, and which' '
	perl -MMIME::Base64 -e '\''
		my ($t, $b) = split / /, <STDIN>; my $d = decode_base64($b);
		substr($d, -5, 1) ^= "\1"; print "$t ", encode_base64($d, ""), "\n"'\'' \
		<"$HS_TMP/good-cert.pub" >"$HS_TMP/broken-cert.pub" &&
	no_ certificate-signature broken $from && says "the session'\''s signature is NOT good"
'
test_expect_success 'the grant inside a certificate, by itself' '
	forgecert grant-of "$HS_TMP/good-cert.pub" "$HS_TMP/grant-cert.pub" &&
	no_ grant-as-login grant $from && says "nobody: this is the grant of session" &&
	says "  ceiling" && says "grant, root: its signature is good" && says "an agent'\''s certificate under it"
'
test_expect_success 'direct certificates' '
	printf "max-ttl 15m\nmax-uses *\n\nuser deploy\nhost *\naddr *\ncmd id -un\n" >"$HS_TMP/direct" &&
	forgecert direct "$HS_TMP/direct-cert.pub" root="$HS_TMP/root" key="$HS_TMP/id.pub" \
		scope="$HS_TMP/direct" &&
	no_ root-not-direct direct $from && says "\`direct\` among the options of $HS_SERVER/roots:1" &&
	test_expect_code 3 explain direct $from --json && json "!exists \$j->{root}{line}" &&
	hv_roots "# none" && no_ root-unknown direct $from &&
	grep -x "  users=\"deploy\",direct $(cut -d" " -f1,2 "$HS_TMP/root.pub")" "$HS_TMP/out" >"$HS_TMP/line" &&
	hv_roots "$(cat "$HS_TMP/line") Anna" && yes_ direct $from && says "certificate, root: its signature is good" &&
	explain direct $from --json && json "\$j->{kind} eq \"direct\" && !exists \$j->{session}" && hv_roots
'
test_expect_success 'what is none of ours' '
	ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/ca" && cp "$HS_TMP/id.pub" "$HS_TMP/plain.pub" &&
	ssh-keygen -q -s "$HS_TMP/ca" -I x -n deploy "$HS_TMP/plain.pub" && no_ not-ours plain $from &&
	test "$(wc -l <"$HS_TMP/out")" = 1 && cp "$HS_TMP/id.pub" "$HS_TMP/key-cert.pub" &&
	no_ not-ours key && test_expect_code 3 explain plain --json && json "\$j->{kind} eq \"other\" && \$j->{code} eq \"not-ours\""
'

test_expect_success '--at: another time, written in either way' '
	now=$(date +%s) && yes_ good $from --at $((now + 300)) && no_ expired good $from --at $((now + 901)) &&
	no_ not-yet-valid good $from --at $((now - 100)) && no_ not-yet-valid good --at 0 &&
	yes_ good --at "$(date -u -d @$((now + 300)) +%Y-%m-%dT%H:%M:%SZ)" &&
	explain good --at $((now + 300)) --json && json "\$j->{at} == $now + 300 && \$j->{end} > \$j->{at}"
'
test_expect_success 'from stdin' '
	handseal-verify --config "$HS_SERVER" explain - $from <"$HS_TMP/good-cert.pub" >"$HS_TMP/piped" &&
	yes_ good $from && head -n 1 "$HS_TMP/piped" | grep "^YES, " && sed 1d "$HS_TMP/piped" >"$HS_TMP/a" &&
	sed 1d "$HS_TMP/out" | cmp - "$HS_TMP/a"
'
test_expect_success '--json: yes' '
	explain good $from --cmd "id -un" --json && json "
		\$j->{admitted} && \$j->{code} eq \"ok\" && \$j->{kind} eq \"delegation\" &&
		\$j->{session} =~ /^[0-9a-f]{16}\$/ && \$j->{effective} =~ /^cmd id -un\$/m &&
		\$j->{certificate}{id} eq \"handseal:\$j->{session}:1:claude\" &&
		\$j->{certificate}{serial} eq \"1\" && \$j->{certificate}{agent} eq \"claude\" &&
		\$j->{certificate}{signature_good} && \$j->{certificate}{scope} eq \$j->{touch}{ceiling} &&
		\$j->{certificate}{valid_before} == \$j->{end} && \$j->{touch}{end} > \$j->{end} &&
		\$j->{touch}{signature_good} && \$j->{touch}{flags} == 1 && !\$j->{touch}{verified} &&
		\$j->{touch}{counter} == 42 && \$j->{touch}{holder} eq \"main\" && \$j->{touch}{log_seq} == 7 &&
		\$j->{touch}{policy_sha256} =~ /^e3b0c442/ && \$j->{root}{fingerprint} eq \"$fp\" &&
		\$j->{root}{known} && \$j->{root}{comment} eq \"Anna'\''s blue\" &&
		\$j->{root}{type} eq \"sk-ssh-ed25519\\@openssh.com\""
'
test_expect_success '--json: no' '
	test_expect_code 3 explain foreign $from --json && json "
		!\$j->{admitted} && \$j->{code} eq \"root-unknown\" && length \$j->{sentence} &&
		!exists \$j->{end} && !exists \$j->{effective} && !\$j->{root}{known} &&
		!exists \$j->{root}{comment} && \$j->{root}{line} =~ /^users=\"deploy\" sk-/ &&
		\$j->{certificate}{signature_good} && \$j->{touch}{signature_good}" &&
	test_expect_code 3 explain grant --json && json "\$j->{kind} eq \"grant\" && !exists \$j->{certificate}{agent} &&
		\$j->{certificate}{serial} eq \"1234605616436508552\""
'

test_expect_success 'a place without files of a server: the line that it would take' '
	test_expect_code 3 handseal-verify --config "$HS_TMP/nowhere" explain "$HS_TMP/good-cert.pub" $from \
		>"$HS_TMP/out" && grep "^NO, root-unknown: " "$HS_TMP/out" &&
	says "this line in $HS_TMP/nowhere/roots"
'
test_expect_success 'rule2: files of a server that cannot be trusted admit nobody' '
	mv "$HS_SERVER/verify.conf" "$HS_SERVER/v" && no_ io-failed good $from && says "verify.conf" &&
	mv "$HS_SERVER/v" "$HS_SERVER/verify.conf" && chmod 666 "$HS_SERVER/roots" &&
	no_ config-invalid good $from && says "chmod go-w" && says "both signatures good" && chmod 644 "$HS_SERVER/roots" &&
	hv_conf "HostName *" && no_ config-invalid good $from && says "$HS_SERVER/verify.conf:1:10: " && hv_conf
'
test_expect_success 'rule9: a bad line of roots is named' '
	hv_roots "nonsense $(cat "$HS_TMP/root2.pub")" "users=\"deploy\" $(cat "$HS_TMP/root.pub")" &&
	explain good $from && grep "^handseal-verify: $HS_SERVER/roots:1:1: line skipped: there is no such option" "$HS_TMP/err" && hv_roots
'
test_expect_success 'rule10: what cannot be read as a certificate' '
	printf "" >"$HS_TMP/empty-cert.pub" && echo x >"$HS_TMP/word-cert.pub" &&
	cat "$HS_TMP/good-cert.pub" "$HS_TMP/good-cert.pub" >"$HS_TMP/twice-cert.pub" &&
	echo "ssh-ed25519 AAAA" >"$HS_TMP/short-cert.pub" && mkdir "$HS_TMP/folder-cert.pub" &&
	head -c 400000 /dev/zero >"$HS_TMP/zero-cert.pub" &&
	for c in empty word twice short folder zero missing; do
		test_expect_code 1 explain $c $from && test ! -s "$HS_TMP/out" &&
			grep "^handseal-verify: $HS_TMP/$c-cert.pub[: ]" "$HS_TMP/err" || { echo "# $c" && return 1; }
	done
'
esc=$(printf '\033')
test_expect_success 'no escape of a field reaches the terminal' '
	hv_cert evil wrong=newline-id && no_ "[a-z-]*" evil $from && ! grep -e "$esc" -e "^Accepted" "$HS_TMP/out" &&
	printf "users=\"deploy\" %s \\303\\244 \\302\\233x \\342\\200\\256y\n" "$(cut -d" " -f1,2 "$HS_TMP/root.pub")" >"$HS_SERVER/roots" &&
	yes_ good $from && says "$(printf "\\303\\244 ??x ???y")" && hv_roots &&
	no_ root-not-for-user good --user "a${esc}[31m" && ! grep "$esc" "$HS_TMP/out" &&
	no_ address-outside-scope good --user deploy --from "a${esc}[31m" && ! grep "$esc" "$HS_TMP/out" &&
	no_ command-outside-scope good $from --cmd "echo '\''${esc}[31m'\''" && ! grep "$esc" "$HS_TMP/out" &&
	test_expect_code 1 explain "a${esc}[31m" && ! grep "$esc" "$HS_TMP/err" &&
	test_expect_code 3 explain good --user "a${esc}[31m" --json && json "!\$j->{admitted}" && ! grep "$esc" "$HS_TMP/out"
'
hs_done
