#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: handseal-known-hosts finds in real known_hosts files what ssh would believe, says so
# of every file that it does not use, gives up what it does not need, and always ends.
test_description='handseal-known-hosts with files of ssh-keygen'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

H=$HANDSEAL_KNOWN_HOSTS
here=$HS_TMP/kh

# run: the program in the background, request in req, answer to ans
run() { rm -f ans && hs_spawn reader sh -c "exec '$H' <req >ans"; }
# ended: it has ended by itself, with status 0, and ans can be read
ended() {
	hs_wait reader "${1:-10}" && test "$HS_STATUS" = 0 && knownhostsctl read ans >said &&
		test ! -s "$HS_TMP/reader.log"
}
# asked FILE HOST...: what is known for these hosts by that file
asked() {
	f=$1 && shift && set -- $(printf 'host=%s ' "$@") &&
		knownhostsctl ask "file=$here/$f" "$@" >req && run && ended
}
# says LINE...: these lines and no others
says() {
	printf '%s\n' "$@" >want && test_cmp want said
}
print() { ssh-keygen -l -f "$here/$1.pub" | cut -d' ' -f2; } # of a key
line() { echo "$1 $(cut -d' ' -f1,2 "$here/$2.pub")"; }

test_expect_success 'keys of each type' '
	mkdir -m 755 "$here" && for k in ed25519 ecdsa rsa; do
		ssh-keygen -q -t $k -N "" -C "" -f "$here/$k" || return 1
	done && ssh-keygen -q -t ecdsa -b 521 -N "" -C "" -f "$here/big" &&
	ssh-keygen -q -t ed25519 -N "" -C "" -f "$here/ca" && chmod 644 "$here"/*
'
E=$(print ed25519) C=$(print ecdsa) R=$(print rsa) B=$(print big) CA=$(print ca)

test_expect_success 'plain names, as ssh-keyscan writes them' '
	{
		echo "# web1.example.com:22 SSH-2.0-OpenSSH_9.2p1 Debian-2" &&
			for k in rsa ecdsa ed25519 big; do line web1.example.com $k; done &&
			line "[web2.example.com]:2222,[10.0.0.2]:2222" rsa && line db ed25519
	} >"$here/scan" && asked scan web1.example.com web2.example.com &&
	says "code ok" "key web1.example.com $R" "key web1.example.com $C" "key web1.example.com $E" \
		"key web1.example.com $B" "key web2.example.com $R"
'
test_expect_success 'hashed names: for exact names, with their ports' '
	cp "$here/scan" "$here/hashed" && ssh-keygen -q -H -f "$here/hashed" && rm "$here/hashed.old" &&
	! grep "^[^#].*example" "$here/hashed" && asked hashed web1.example.com web2.example.com &&
	says "code ok" "key web1.example.com $R" "key web1.example.com $C" "key web1.example.com $E" \
		"key web1.example.com $B" &&
	knownhostsctl ask file="$here/hashed" host=web2.example.com port=22 port=2222 >req && run && ended &&
	says "code ok" "key web2.example.com $R" && asked hashed "*.example.com" && says "code ok" && asked hashed "*" && says "code ok"
'
test_expect_success 'patterns of the scope: the names that stand there' '
	asked scan "*.example.com" && says "code ok" "key web1.example.com $R" "key web1.example.com $C" \
		"key web1.example.com $E" "key web1.example.com $B" "key web2.example.com $R" &&
	asked scan "*" && grep "^key db $E$" said && test "$(grep -c ^key said)" = 6
'
test_expect_success 'rule9: authorities, revoked keys and negation' '
	{
		line "@cert-authority *.example.com" ca && line "*.example.com,!web2.example.com" ed25519 &&
			line "@revoked *" ecdsa && line web1.example.com ecdsa
	} >"$here/marked" && asked marked web1.example.com web2.example.com &&
	says "code ok" "revoked web1.example.com $C" "revoked web2.example.com $C" "ca web1.example.com $CA" \
		"ca web2.example.com $CA" "key web1.example.com $E" "key web1.example.com $C" &&
	asked marked "*.example.com" &&
	says "code ok" "revoked * $C" "ca *.example.com $CA" "key web1.example.com $C"
'
test_expect_success 'a file of each kind that is not used is named' '
	mkdir "$here/folder" && mkfifo "$here/fifo" && cp "$here/scan" "$here/theirs" &&
	chown other "$here/theirs" && cp "$here/scan" "$here/open" && chmod 664 "$here/open" &&
	head -c 4194305 /dev/zero >"$here/huge" && cp "$here/scan" "$here/good" &&
	knownhostsctl ask file="$here/none" file="$here/folder" file="$here/fifo" file="$here/theirs" \
		file="$here/open" file="$here/huge" file="$here/good" host=db >req && run && ended &&
	says "code ok" "key db $E" "warning $here/folder: it is not a regular file, and not used" \
		"warning $here/fifo: it is not a regular file, and not used" \
		"warning $here/theirs: it belongs to uid 4002, neither to you nor to root, and is not used" \
		"warning $here/open: others can write it (mode 0664), so it is not used; chmod go-w" \
		"warning $here/huge: it is longer than 4194304 bytes, and not used"
'
test_expect_success 'another user reads what is root'\''s and what is theirs' '
	chmod 600 "$here/good" && mkdir -m 777 out && cd out &&
	knownhostsctl ask file="$here/theirs" file="$here/scan" file="$here/good" host=db >req && chmod 644 req &&
	rm -f ans && hs_spawn reader setpriv --reuid=other --regid=other --clear-groups sh -c "exec \"$H\" <req >ans" &&
	ended && says "code ok" "key db $E" "warning $here/good: Permission denied" && cd ..
'
test_expect_success 'rule10: a million lines and a file of zeros are read in time' '
	perl -e "print \"x\n\" x 1000000" >"$here/many" && head -c 4194304 /dev/zero >"$here/zeros" &&
	line db ed25519 >"$here/good" && chmod 644 "$here/good" &&
	knownhostsctl ask file="$here/many" file="$here/zeros" file="$here/good" host=db >req && run && ended 60 &&
	grep "^key db $E$" said && grep "^warning $here/many:1: the line has no key$" said &&
	grep "^warning 999971 more warnings are left out$" said && asked zeros "*" &&
	says "code ok" "warning $here/zeros:1: the line has more than 65536 bytes, and is not used"
'
test_expect_success 'rule9: what is revoked and does not fit is a failure' '
	{ printf "@revoked x" && perl -e "print map { \",h\$_.example.com\" } 1 .. 3000" && line "" rsa; } >"$here/revoked" &&
	asked revoked "*" && says "code too-long" \
		"sentence the known_hosts files revoke more than can be read, so none of their keys is used"
'

# ---- what is no request

# broken CODE: what is in req is answered by that failure
broken() { run && ended && grep -x "code $1" said && ! grep -q "^key" said; }
test_expect_success 'rule10: bytes that are no request' '
	knownhostsctl ask file="$here/good" host=db >good && : >req && broken truncated &&
	printf "abc" >req && broken truncated && head -c 20 good >req && broken truncated &&
	{ cat good && printf x; } >req && broken trailing-bytes && cat good good >req && broken trailing-bytes &&
	printf "\0\0\0\0" >req && broken truncated && printf "\377\377\377\377" >req && broken too-long &&
	{ printf "\0\1\0\1" && head -c 65537 /dev/zero; } >req && broken too-long &&
	printf "\0\0\0\1\2" >req && broken unsupported && grep "another version" said &&
	knownhostsctl ask file=good host=db >req && broken malformed &&
	knownhostsctl ask file="$here/good" host=DB >req && broken malformed &&
	knownhostsctl ask file="$here/good" host=db port=0 >req && broken malformed
'
# open_input CMD...: the program, started by CMD (empty: as we are), with an input that does not end until
# descriptor 9 is closed
open_input() {
	rm -f in ans && mkfifo in && hs_spawn reader "$@" sh -c "exec '$H' <in >ans" && exec 9>in
}
test_expect_success 'a request that does not end is not waited for' '
	open_input && cat good >&9 && ended 10 && grep -x "code truncated" said && grep "in time" said
'
exec 9>&-
test_expect_success 'arguments, and no output: no answer can be given' '
	test_expect_code 2 "$H" -h <good 2>err && grep "^usage" err &&
	test_expect_code 1 "$H" <good >&- 2>err && grep "closed" err &&
	test_expect_code 1 "$H" <&- 2>err && grep "closed" err &&
	test_expect_code 1 "$H" <good >/dev/full
'

# ---- what it gives up

test_expect_success 'rule8: before it reads: undumpable, no cores, no new privileges' '
	mkdir -m 777 theirs && cd theirs &&
	open_input setpriv --reuid=deploy --regid=deploy --clear-groups && cd .. &&
	p=/proc/$(hs_pid reader) && hs_wait_for "grep -q \"^NoNewPrivs:.1\" $p/status" 5 &&
	hs_wait_for "test \"\$(stat -c %u $p/mem)\" = 0" 5 && grep "^Uid:.4001" $p/status &&
	grep "^Max core file size *0 *0 " $p/limits && exec 9>&- && hs_wait reader 5
'
exec 9>&-
test_expect_success 'rule8: it keeps no descriptor that it was not meant to have, and needs no environment' '
	rm -f in ans && mkfifo in && hs_spawn reader env -i /bin/sh -c "exec \"$H\" <in >ans 3</etc/passwd 9</etc/passwd" &&
	exec 8>in && p=/proc/$(hs_pid reader) && hs_wait_for "grep -q \"^NoNewPrivs:.1\" $p/status" 5 &&
	hs_wait_for "! readlink $p/fd/* | grep -q passwd" 5 && cat good >&8 && exec 8>&- && ended &&
	says "code ok" "key db $E"
'
exec 8>&-
test_expect_success 'it ends with whoever started it' '
	rm -f in && mkfifo in && hs_spawn parent sh -c "\"$H\" <in >ans & echo \$! >pid; wait" && exec 9>in &&
	hs_wait_for "test -s pid" 5 && p=/proc/$(cat pid) && hs_wait_for "grep -q \"^NoNewPrivs:.1\" $p/status" 5 &&
	hs_stop parent KILL && hs_wait_for "! hs_running_ $(cat pid)" 5
'
exec 9>&-

hs_done
