#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: an askpass program shows the whole text, can decline, takes a PIN and goes away when
# the key was touched; it can allow nothing. What is made to deceive is not shown at all, and a PIN is
# nowhere but in the helper.
test_description='prompts and PINs'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
asked=$HS_TMP/asked
what="--user deploy --host web1.example.com --cmd uptime --ttl 5m --reason see"
rest='Agent unknown
    Scope *
Agent claude
    Scope *
Limits
    Prompts 100
    PromptsAll 100'
# says WORD: what the askpass program does next: yes, no, stay, die, or a PIN
says() { echo "$1" >"$asked/says" && rm -f "$asked/confirm" "$asked/pin" "$asked/none" "$asked/pids"; }
start() { daemon HANDSEAL_ASKPASS="$HS_TMP/askpass" SSH_ASKPASS_REQUIRE=force HANDSEAL_TOUCH_SECONDS=${1:-30}; }
none_left() { hs_wait_for "! grep -qs '$HS_TMP/askpass' /proc/[0-9]*/cmdline" 5; }
shown() { hs_wait_for "test -s $asked/$1" 10; }
prompts() { grep -c '"event":"ask"' "$log"; }

test_expect_success 'a key, a daemon with an askpass program' '
	mkdir "$asked" && cat >"$HS_TMP/askpass" <<-EOF &&
	#!/bin/sh
	echo \$\$ >>$asked/pids
	kind=\${SSH_ASKPASS_PROMPT:-pin}
	printf "%s" "\$1" >$asked/\$kind.new && mv $asked/\$kind.new $asked/\$kind
	[ \$kind != none ] || exec sleep 1000
	read -r how <$asked/says
	case \$how in
	yes) exit 0 ;;
	no) exit 1 ;;
	die) kill -KILL \$\$ ;;
	stay) exec sleep 1000 ;;
	*) echo "\$how" ;;
	esac
	EOF
	chmod 755 "$HS_TMP/askpass" && policy "$rest" && hs_softkey_start blue && start && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue
'
test_expect_success 'rule6: it shows the whole text; a yes allows nothing; the notice goes when it is touched' '
	says yes && ask a $what -o a --agent claude && shown none && shown confirm && for w in "claude asks" "$code" "NEW" \
		"deploy@web1.example.com" uptime "\"see\" (not checked)" "Only touching the key allows this"; do
		grep -F -e "$w" "$asked/confirm" || return 1
	done && agentctl status | grep -x "open 0" && agentctl status | grep -x "pending 1" && touched a &&
	grep "Touch the security key" "$asked/none" && none_left
'
test_expect_success 'a no declines, before and while the key blinks' '
	says no && test_expect_code 4 timeout 20 handseal request $what --cmd w -o b && none_left && says stay &&
	ask c $what --cmd who -o c && hs_softkey blue wait 10 && kill $(cat "$asked/pids") && hs_softkey blue state &&
	handseal decline $code && ends c 4 . && none_left
'
test_expect_success 'one that stays open is ended when the key is touched' '
	says stay && ask d $what --cmd id -o d && shown confirm && touched d && none_left
'
test_expect_success 'one that dies has said nothing' '
	says die && ask e $what --cmd env -o e && shown confirm && touched e && none_left && daemon && start
'
test_expect_success 'one that asks and leaves takes its prompt along' '
	says stay && ask f $what --cmd ls -o f && shown confirm && hs_stop f && recorded $code touch-failed touch-cancelled && none_left
'

# ---- what is made to deceive

test_expect_success 'reasons that could deceive whoever reads them are refused, and nothing is shown' '
	says stay && n=$(prompts) && ssh-keygen -q -t ed25519 -N "" -f k && agentctl status >st &&
	s=$(sed -n "s/^session //p" st) && printf "max-ttl 60\nmax-uses 1\n\naddr *\ncmd df\nhost web1.example.com\nuser deploy\n" >scope &&
	reason() {
		reason_=$1
		shift
		test_expect_code 3 "$HS_SRC/tests/lib/rawrequest" session=$s scope=scope key=k.pub sign=k agent=claude "$@" >out &&
			grep -q "^refused $reason_" out || { cat out && false; }
	} &&
	reason malformed "reason=$(printf "a\033[2Jb")" && reason malformed "reason=$(printf "a\302\233b")" &&
	reason malformed "reason=$(printf "a\342\200\256b")" && reason malformed "reason=$(printf "a\342\201\246b")" &&
	reason malformed "reason=$(printf "a\342\200\213b")" && reason malformed "reason=a
b" && reason malformed "reason=$(printf "a\rb")" && reason malformed "reason=$(printf "a\tb")" &&
	reason malformed "reason=$(printf "\377\376")" && reason too-long "reason=$(head -c 100000 /dev/zero | tr "\0" a)" &&
	test ! -e "$asked/confirm" && test "$(prompts)" = "$n"
'
test_expect_success 'agents whose names look like another'\''s are refused' '
	agent() { test_expect_code 3 "$HS_SRC/tests/lib/rawrequest" session=$s scope=scope key=k.pub sign=k reason=x "agent=$1" >out &&
		grep -q "^refused malformed" out; } &&
	agent Claude && agent "claude " && agent " claude" && agent "$(printf "\321\201laude")" && agent "claude
" && agent "$(printf "cla\342\200\213ude")" && agent "claude/" && agent CLAUDE && agent "$(printf "claude\0")x!" &&
	test ! -e "$asked/confirm" && test "$(prompts)" = "$n"
'
test_expect_success 'a folder whose name could deceive is shown clean' '
	d=$(printf "$HS_TMP/a\033]0;x\nTouch blue to allow\342\200\256") && mkdir "$d" && says stay &&
	(cd "$d" && exec timeout 20 handseal request $what --cmd pwd -o "$HS_TMP/g" --wait 1s) >gout 2>&1; shown confirm &&
	! LC_ALL=C grep "$(printf "\033")" "$asked/confirm" && ! grep "^Touch blue to allow$" "$asked/confirm" && start
'

# ---- a PIN

secret=73915-QxZ
flags() { grep '"event":"touch"' "$log" | tail -n 1 | grep "\"flags\":$1,"; }
# in_memory PROGRAM TEXT: some process of that name has it where it can write
cat >search.pl <<'EOP'
my ($dir, $text) = @ARGV;
open my $maps, '<', "$dir/maps" or exit 1;
open my $mem, '<:raw', "$dir/mem" or exit 1;
while (<$maps>) {
	/^([0-9a-f]+)-([0-9a-f]+) rw/ or next;
	my ($at, $end, $last) = (hex $1, hex $2, '');
	next if $end - $at > 1 << 28; # a sanitizer's own
	sysseek($mem, $at, 0) or next;
	while ($at < $end) {
		my $n = sysread($mem, my $b, $end - $at > 1 << 20 ? 1 << 20 : $end - $at) or last;
		exit 0 if index($last . $b, $text) >= 0;
		($last, $at) = (substr($b, -64), $at + $n);
	}
}
exit 1;
EOP
in_memory() {
	for d in /proc/[0-9]*; do
		[ "$(cat $d/comm 2>/dev/null)" != $1 ] || ! perl search.pl $d "$2" || return 0
	done
	return 1
}
nowhere() { # rule8: the PIN is in no memory of ours, no log, no argument
	in_memory handseald "$code" && # what it does have is found
		! in_memory handseald "$secret" && ! in_memory handseal "$secret" &&
		! grep -a "$secret" "$log" "$HS_TMP/handseald.log" && ! grep -as "$secret" /proc/[0-9]*/cmdline
}
test_expect_success 'rule8: a PIN goes through askpass to the key, and is nowhere else' '
	hs_softkey blue pin $secret && policy "Session" "    Verify pin" "$rest" && start && says $secret &&
	ask h $what --cmd last -o h && hs_softkey blue wait 10 && grep "Enter the PIN" "$asked/pin" && nowhere &&
	hs_softkey blue touch && nowhere && ends h 0 . && flags 5 && ! in_memory handseald "$secret" && none_left
'
test_expect_success 'rule8: a PIN goes through the socket as a descriptor, and is nowhere else' '
	says stay && printf "$secret\n" >pin && ask i $what --cmd lastb -o i && shown pin && ! hs_softkey blue wait 2 &&
	test_expect_code 3 agentctl answer $code arm >out && grep "^refused usage" out &&
	agentctl answer $code arm pin && hs_softkey blue wait 10 && nowhere && hs_softkey blue touch &&
	ends i 0 . && flags 5 && ! in_memory handseald "$secret" && none_left
'
test_expect_success 'a wrong one: parked, with the tries that are left, and the right one will do' '
	says wrong-pin && ask j $what --cmd nproc -o j && recorded $code parked "pin-invalid.*7" && none_left &&
	agentctl answer $code arm pin && hs_softkey blue wait 10 && hs_softkey blue touch && ends j 0 .
'
test_expect_success 'a wrong one, and the key is pulled out and put back: askpass asks anew, and says why' '
	says wrong-pin && ask kk $what --cmd nice -o kk && recorded $code parked "pin-invalid" && hs_softkey blue unplug && says $secret &&
	hs_softkey blue plug && shown pin && grep "wrong" "$asked/pin" && hs_softkey blue wait 10 && hs_softkey blue touch &&
	ends kk 0 . && flags 5 && none_left
'
test_expect_success 'three wrong ones in a row: told apart, and so until it is pulled out' '
	echo wrong-pin >wrong && says stay && ask l $what --cmd tty -o l && shown pin && for i in 1 2 3; do
		{ agentctl answer $code arm wrong || true; } && hs_wait_for "test \$(grep -c \"\\\"event\\\":\\\"parked\\\".*\\\"ask\\\":\\\"$code\\\"\" $log) = $i" 10 ||
			return 1
	done && recorded $code parked pin-auth-blocked && hs_softkey blue replug && { agentctl answer $code arm pin || true; } &&
	hs_softkey blue wait 10 && hs_softkey blue touch && ends l 0 .
'
test_expect_success 'a key that always wants its PIN: asked for once that is known' '
	policy "$rest" && hs_softkey blue always-uv on && says stay && ask m $what --cmd arch -o m &&
	recorded $code parked pin-required && { agentctl answer $code arm pin || true; } && hs_softkey blue wait 10 &&
	hs_softkey blue touch && ends m 0 . && flags 5
'
test_expect_success 'a key that always wants its PIN: askpass asks for it at once' '
	says $secret && ask mm $what --cmd uname -o mm && recorded $code parked pin-required &&
	shown pin && grep "Enter the PIN" "$asked/pin" && hs_softkey blue wait 10 && hs_softkey blue touch &&
	ends mm 0 . && flags 5 && none_left && hs_softkey blue always-uv off
'
test_expect_success 'rule1: a key that says verified, and was not asked to, or was given no PIN' '
	hs_softkey blue fault flags-uv && ask n $what --cmd true -o n && hs_softkey blue wait 10 && hs_softkey blue touch &&
	hs_wait n 20 && cat $HS_TMP/n.log && hs_softkey blue fault none &&
	policy "Session" "    Verify pin" "$rest" && unwatched && daemon &&
	refused no-channel $what --cmd false -o no
'
test_expect_success 'no program of askpass is left when the daemon ends' '
	policy "$rest" && start && says stay && ask o $what --cmd sync -o o && shown confirm && hs_stop handseald && none_left
'
hs_done
