#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a C program gets by libhandseal what the command gets: as installed, with the names that its
# header declares and no others, from threads and from an event loop, with the results that handseal.h promises.
test_description='libhandseal'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
lib=$HS_TMP/inst/usr/lib
at=deploy@127.0.0.1
# scope FILE LINE...: a scope of one statement for the test's host
scope() {
	scope_=$1
	shift
	printf '%s\n' "max-ttl 900" "max-uses *" "depth 0" "" "addr *" "host web1.example.com" "$@" >"$scope_"
}
named() { printf '%s\n' "Scope $1" "    User deploy" "    Host web1.example.com" "    Cmd $2" "    Addr *" "    MaxTTL 15m" "    MaxUses *"; }
base="$(named up uptime)
Agent claude
    Scope *
Limits
    Prompts 100
    PromptsAll 100"
# lib STATUS ARG...: libctl ends so
lib() {
	lib_=$1
	shift
	test_expect_code $lib_ timeout 30 libctl "$@" >out 2>err </dev/null || { cat out err && false; }
}
installed() { PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$HS_TMP/inst pkg-config "$@" libhandseal; }
sanitized() { grep -o -e '-fsanitize=[a-z,]*' "$HS_BUILD/flags" | head -n 1; }

test_expect_success 'it is installed: library, header, pkg-config file' '
	make -s -C "$HS_SRC" B="$HS_BUILD" $(sanitized | grep -q . && echo SAN=1) PREFIX=/usr DESTDIR="$HS_TMP/inst" LIBEXECDIR="$HS_LIBEXECDIR" -o all install >made 2>&1 || { cat made && false; } &&
	test "$(readlink $lib/libhandseal.so)" = libhandseal.so.0 && test -f $HS_TMP/inst/usr/include/handseal.h && installed --exists &&
	installed --libs && test "$(installed --modversion)" = "$(handseal status --json 2>/dev/null | sed -n "s/.*\"version\": \"\(.*\)\".*/\1/p" | grep . || echo 0.1.0)"
'
test_expect_success 'its names are those of its headers, and it has no state' '
	nm -D --defined-only $lib/libhandseal.so.0 | awk "\$2 == \"T\" { sub(/@.*/, \"\", \$3); print \$3 }" | sort >names &&
	grep -o "\<hs_[a-z_]*(" -h "$HS_SRC/client/libhandseal/handseal.h" "$HS_SRC/client/libhandseal/handseal-verify.h" | tr -d "(" | sort -u | grep -v "^hs_sign_fn$" >declared && test_cmp declared names &&
	{ test "$(sanitized)" || size -A $lib/libhandseal.so.0 | awk "\$1 == \".data\" || \$1 == \".bss\" { n += \$2 } END { exit n > 16 }"; } &&
	objdump -p $lib/libhandseal.so.0 | grep NEEDED >needed && ! grep "ssh\|jansson\|libuv\|fido" needed
'
test_expect_success 'the example builds with what pkg-config says, as C99, without a warning' '
	cc -std=c99 -D_POSIX_C_SOURCE=200809L -pedantic -Wall -Wextra -Wconversion -Werror $(sanitized) "$HS_SRC/client/example/seat.c" $(installed --cflags --libs) -o example
'
test_expect_success 'both headers compile as C99; the half for services asks the system for nothing and keeps nothing' '
	printf "#include <%s>\n" handseal-verify.h handseal.h handseal-verify.h >both.c && cc -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only $(installed --cflags) both.c &&
	nm -u "$HS_BUILD"/client/libhandseal/verify*.o >undefined && grep " U hs_chain_check" undefined && ! grep -E " U _*(open|openat|read|write|send|recv|socket|fopen|printf|fprintf|stderr|syslog|time|clock_gettime|getenv|getrandom|randombytes_buf)(_chk|64)?$" undefined &&
	{ test "$(sanitized)" || size -A "$HS_BUILD"/client/libhandseal/verify*.o | awk "\$1 ~ /^\.(data|bss)\$/ { n += \$2 } END { exit n > 0 }"; }
'
test_expect_success 'no daemon: 6' 'HANDSEAL_SOCK=$HS_TMP/none.sock lib 6 status && grep "(not-found)" err'
test_expect_success 'a key, a policy, a daemon, a server that trusts the key' '
	policy "KnownHosts $HS_TMP/known" "$base" && hs_softkey_start blue && daemon &&
	hs_softkey blue touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
	hs_sshd_start && echo "HostName web1.example.com" >$HS_SERVER/verify.conf &&
	handseal roots --pub >pub && key=$(grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" pub | head -n 1) &&
	echo "users=\"deploy\" $key blue" >$HS_SERVER/roots && echo "web1.example.com $(cut -d" " -f1,2 "$HS_TMP/ssh_host_ed25519_key.pub")" >"$HS_TMP/known" &&
	ssh-keygen -q -t ed25519 -N "" -f id && scope s "user deploy" "cmd uptime" "ns file" && scope more "user deploy" "cmd id"
'
test_expect_success 'nothing is open: status; request and close are 5' '
	lib 0 status && grep "^open 0" out && grep "^roots 1" out && lib 5 close && grep "(no-session)" err && watched && unwatched &&
	lib 3 request more id 0 && grep "(no-channel)" err
'
test_expect_success 'open: what will be signed, the touch, what came of it' '
	watched && hs_softkey blue touch-next && lib 0 open s 3600 20 && grep "^code [2-9A-Z]*$" out && grep "^keys blue" out && grep "^root blue SHA256:" out &&
	grep "^simulated 1" out && lib 0 status && grep "^open 1" out && lib 0 query && grep "^seat 0" out
'
test_expect_success 'open again is refused: 3' 'lib 3 open s 3600 20 && grep "(session-open)" err'
test_expect_success 'request: a certificate that ssh logs in with' '
	lib 0 request s id 0 && grep "^agent claude" out && grep "^ssh-ed25519-cert-v01@openssh.com " out >id-cert.pub && hs_ssh -i id -o CertificateFile=id-cert.pub $at uptime
'
test_expect_success 'rule3: outside what was touched it waits; wait by its code and key fetches it' '
	lib 7 request more id 1 && code=$(sed -n "s/^code //p" out | head -n 1) && lib 7 wait $code id 0 && grep "^code $code" out && ssh-keygen -q -t ed25519 -N "" -f other &&
	lib 1 wait $code other 0 && grep "(not-found)" err && lib 1 wait 222 id 0 &&
	hs_wait_for "eventctl events 0 0 0 | grep -q \"	armed	\"" 10 && hs_softkey blue touch && lib 0 wait $code id 20 && grep "^agent claude" out
'
test_expect_success 'declined: 4' '
	hs_spawn ask libctl request more other 30 && hs_wait_for "grep -qs ^code $HS_TMP/ask.log" 10 && handseal decline $(sed -n "s/^code //p" $HS_TMP/ask.log) &&
	hs_wait ask 20 && test $HS_STATUS = 4 && grep "(touch-declined)" $HS_TMP/ask.log
'
test_expect_success 'events: what waits, and what comes' '
	lib 0 events 0 3600 && lib 0 events 1000000 3600 && lib 0 events 0 0 && last=$(sed -n "s/^last //p" out) && hs_spawn follow libctl events $last 30 && lib 0 request s id 0 && hs_wait follow 20 && test $HS_STATUS = 0 &&
	grep "^event issued  claude" $HS_TMP/follow.log
'
test_expect_success 'rule9: a signature by nobody is not sent' '
	lib 1 signer s id.pub 0 && grep "(no-proof)" err && lib 2 request /dev/null id 0 && grep "(scope-invalid)" err
'
test_expect_success 'the example takes a seat; ssh below it logs in; it ends with its stdin' '
	mkfifo in && hs_spawn example env LD_LIBRARY_PATH=$lib sh -c "exec ./example up claude because <in" && exec 7>in &&
	hs_wait_for "grep -qs ^HANDSEAL_SOCK $HS_TMP/example.log || ! hs_alive example" 20 && eval "$(grep ^HANDSEAL_SOCK $HS_TMP/example.log)" && seat=$SSH_AUTH_SOCK && export SSH_AUTH_SOCK &&
	ssh $(echo "$HS_SSH_OPTS" | sed "s/-o IdentityAgent=none//; s/-o IdentitiesOnly=yes/-o IdentityFile=none/") $at uptime; logged=$?; HANDSEAL_SOCK=$HS_TMP/run/a.sock && unset SSH_AUTH_SOCK &&
	exec 7>&- && hs_wait example 10 && test $logged = 0 && test $HS_STATUS = 0 && grep "^# 1 logins, 0 refused" $HS_TMP/example.log && test ! -e "$seat" || { cat $HS_TMP/example.log && false; }
'
test_expect_success 'the example says which touch it waits for, and gets its seat by it' '
	policy "KnownHosts $HS_TMP/known" "$base" "$(named who "id -u")" &&
	rm -f $HS_TMP/example.log && hs_spawn example env LD_LIBRARY_PATH=$lib sh -c "exec ./example who claude because <in" && exec 7>in &&
	hs_wait_for "grep -qs \"waiting for your touch, code\" $HS_TMP/example.log || ! hs_alive example" 20 && hs_softkey blue wait 10 && hs_softkey blue touch &&
	hs_wait_for "grep -qs ^HANDSEAL_SOCK $HS_TMP/example.log" 20 && exec 7>&- && hs_wait example 10 && test $HS_STATUS = 0
'
test_expect_success 'a seat signs messages in its namespaces, as ssh-keygen verifies them; others are refused with the reason' '
	hs_spawn seat sh -c "exec libctl seat s 0 <in" && exec 7>in && hs_wait_for "grep -qs ^socket $HS_TMP/seat.log" 10 && sock=$(sed -n "s/^socket //p" $HS_TMP/seat.log) &&
	echo text >message && HANDSEAL_SOCK=$sock lib 0 sign file message && cp out sig &&
	{ SSH_AUTH_SOCK=$sock ssh-add -L | cut -d" " -f1,2 >seat-cert.pub; ca=$("$HS_BIN/handseal-verify" --config $HS_SERVER keys deploy $(cat seat-cert.pub) | grep -o "ssh-ed25519 [A-Za-z0-9+/=]*$"); } &&
	echo ":handseal cert-authority $ca" >signers && ssh-keygen -Y verify -f signers -I :handseal -n file -s sig <message &&
	echo other >message && ! ssh-keygen -Y verify -f signers -I :handseal -n file -s sig <message &&
	HANDSEAL_SOCK=$sock lib 3 sign git message && grep "(outside-scope)" err && HANDSEAL_SOCK=$sock lib 0 why && grep "^ns git" out &&
	HANDSEAL_SOCK=$sock lib 0 query && grep "^seat 1" out && HANDSEAL_SOCK=$sock lib 1 close && grep "(unsupported)" err &&
	lib 1 sign file message && grep "(not-found)" err && exec 7>&- && hs_wait seat 10 && grep "^logins 0" $HS_TMP/seat.log
'
test_expect_success 'eight threads with a connection each; twenty connections in one loop' '
	lib 0 threads 8 25 s id && lib 0 loop 20 s id && test $(sort -u out | grep -c "^id ") = 20
'
test_expect_success 'the daemon goes while a call is under way: 1, and the connection is of no more use' '
	hs_spawn gone libctl gone && hs_wait_for "grep -qs waiting $HS_TMP/gone.log" 10 && hs_stop handseald KILL; hs_wait gone 10 && test $HS_STATUS = 1
'
hs_done
