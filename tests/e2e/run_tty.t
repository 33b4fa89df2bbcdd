#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: in a terminal (tmux, bash) a program below `handseal run` is a job as any other: it has
# the keys and the screen, ^Z, fg, bg and ^C do what they do, in pipelines and scripts too, and the
# terminal is as it was afterwards.
test_description='handseal run in a terminal'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/run.sh"
for p in tmux less bash; do command -v $p >/dev/null || hs_skip "$p is not installed"; done
hs_ns "$0" "$@"
hs_init "$@"

tm() { tmux -f /dev/null -S "$HS_TMP/tmux.sock" "$@"; }
pane() { tm capture-pane -p >pane; }
sees() { hs_wait_for "pane && grep -q -e \"$1\" pane" 10 || { cat pane && false; }; } # sees PATTERN
type_() { tm send-keys "$@"; }
# types LINE: a command line, on a cleared screen, when the shell is ready
types() { type_ "clear; echo; $1" Enter; }
# prompts STATUS: the shell is back, and $? was STATUS
prompts() { sees "^ready [0-9]*:$" && type_ "echo st=\$?." Enter && sees "^st=$1\.$"; }
same() { # the terminal is as it was at first
	rm -f after && type_ "stty -g >after" Enter && hs_wait_for "test -s after" 10 && test_cmp before after &&
		test "$(tm display -p "#{cursor_flag} #{alternate_on}")" = "1 0" && leaves_nothing
}
stopped() { hs_wait_for "hs_state_ \$(pgrep -x -f \"$1\"); test \"\$hs_stat_\" = T" 10; } # stopped COMMAND LINE
# in_front: the terminal is its group's, so that ^C and ^Z are
in_front() { # PID
	read -r stat <"/proc/$1/stat" && set -- ${stat##*) } && test "$3" = "$6"
} 2>/dev/null
running() { hs_wait_for "pid=\$(pgrep -x -f \"$1\") && hs_state_ \$pid && test \"\$hs_stat_\" = S && in_front \$pid" 10; }
# front: fg, and what is typed from now on is not read by the shell
front() { type_ "clear; echo \"to\" front; fg" Enter && sees "^to front$"; }
# stops: by ^Z, typed again where the shell had not told the job to go on yet: then that takes the first one back
stops() { type_ C-z && { hs_wait_for "pane && grep -q Stopped pane" 2 2>/dev/null || { type_ C-z && sees Stopped; }; }; }
ended() { hs_wait_for "! pgrep -x -f \"$1\" >pid" 10; }
hr="handseal run -q --user a --host b --cmd c --"

test_expect_success 'a person with a shell in a terminal' '
	run_setup && seats fair && cat >screen.pl <<-\EOF && cat >script.sh <<-EOF &&
		use POSIX; # a full screen program as vim is: each key comes as it is, and it suspends its whole group
		$| = 1;
		my ($t, $old, $n) = (POSIX::Termios->new, undef, 0);
		sub take {
			$t->getattr(0);
			$old = $t->getlflag;
			$t->setlflag($old & ~(ICANON | ECHO | ISIG));
			$t->setattr(0, TCSADRAIN);
			printf "\e[?1049h\e[2J\e[Hscreen %d of %s\n", ++$n, join ",", map { $_ + 0 } `stty size` =~ /\d+/g;
		}
		sub give { $t->setlflag($old); $t->setattr(0, TCSADRAIN); print "\e[?1049l" }
		$SIG{WINCH} = sub { give(); take() };
		take();
		while (1) {
			my $k;
			next unless sysread STDIN, $k, 1;
			if ($k eq "\x1a") { give(); kill TSTP => 0; take() }
			elsif ($k eq "q") { give(); exit 7 }
			else { printf "key %02x\n", ord $k }
		}
	EOF
		echo begun
		$hr \${1:-sleep 100}
		echo went on with \$?
	EOF
	seq 1 200 >numbers && chown deploy: . &&
	tm new-session -d -x 80 -y 24 "$as_deploy env HOME=$HS_HOME_deploy LC_ALL=C.UTF-8 \
		TERM=screen XDG_RUNTIME_DIR=$d/run HANDSEAL_SOCK=$sock PS1=\"ready \\j:\" bash --norc --noprofile" && sees "^ready 0:$" &&
	type_ "stty -g >before" Enter && hs_wait_for "test -s before" 10
'
test_expect_success 'what is said stands there' '
	types "handseal run --user a --host b --cmd c --agent claude true" && sees "^handseal: claude ended (0)" &&
	grep "seat 7c2e.* for claude" pane && prompts 0
'
test_expect_success '^C reaches the program, and the shell sees a job that an interrupt ended' '
	types "$hr sleep 100" && running "sleep 100" && type_ C-c && prompts 130 && same && types "$hr sleep 100" &&
	running "sleep 100" && type_ "C-\\" && sees Quit && prompts 131 && test -z "$(ls core* 2>/dev/null)" && same
'
test_expect_success 'a program that takes ^C as a key, or goes on after it, is not ended by us' '
	types "$hr bash -c \"trap \\\"echo caught\\\" INT; echo on; read x; echo got \\\$x; exit 3\"" && sees "^on" &&
	type_ C-c && sees "caught" && type_ hello Enter && sees "got hello" && prompts 3 && same
'
test_expect_success 'a pager: keys, ^Z, fg, the end' '
	types "$hr less numbers" && sees "^23$" && type_ Space && sees "^46$" && type_ C-z && sees "Stopped" &&
	sees "^ready 1:$" && stopped "less numbers" && type_ "clear; fg" Enter && sees "^46$" && type_ Space &&
	sees "^69$" && type_ q && prompts 0 && same
'
test_expect_success 'a full screen program: its own ^Z, fg, resizing, the end' '
	types "$hr perl screen.pl" && sees "^screen 1 of 24,80" && type_ x && sees "^key 78" && type_ C-c &&
	sees "^key 03" && type_ C-z && sees Stopped && sees "^ready 1:$" && test "$(tm display -p "#{alternate_on}")" = 0 &&
	type_ fg Enter && sees "^screen 2" && type_ y && sees "^key 79" && tm resize-window -x 90 -y 20 &&
	sees "^screen 3 of 20,90" && tm resize-window -x 80 -y 24 && sees "screen 4 of 24,80" && type_ q && prompts 7 &&
	same
'
test_expect_success 'bg: it runs on; fg brings it back, and ^C and ^Z reach it then' '
	types "$hr sh -c \"while :; do date +%N >tick; sleep 0.1; done\"" && hs_wait_for "test -s tick" 10 && type_ C-z &&
	sees Stopped && loop=$(pgrep -o -f "^sh -c while") && hs_wait_for "hs_state_ $loop; test \$hs_stat_ = T" 5 &&
	cp tick tick1 && type_ "clear; bg" Enter && hs_wait_for "! cmp -s tick tick1" 10 && prompts 0 &&
	front && hs_wait_for "in_front \$(ps -o ppid= $loop)" 5 && stops &&
	hs_wait_for "hs_state_ $loop; test \$hs_stat_ = T" 5 && cp tick tick1 && type_ "clear; fg" Enter &&
	hs_wait_for "! cmp -s tick tick1" 10 && type_ C-c && prompts 130 && same
'
test_expect_success 'in the background it may not read; fg lets it' '
	types "$hr cat &" && sees "^ready 1:$" &&
	hs_wait_for "type_ \"\" Enter && sleep 0.1 && pane && grep -q \"Stopped\" pane" 10 && front && type_ hello Enter && hs_wait_for "pane; test \$(grep -c ^hello pane) = 2" 10 && type_ C-d &&
	prompts 0 && same && types "$hr cat" && running cat && type_ C-z && sees Stopped && type_ bg Enter &&
	hs_wait_for "type_ \"\" Enter && sleep 0.1 && pane && test \$(grep -c Stopped pane) -ge 2" 10 &&
	front && type_ again Enter && hs_wait_for "pane; test \$(grep -c ^again pane) = 2" 10 &&
	type_ C-d && prompts 0 && same
'
test_expect_success 'fg of one that has run on in the background' '
	rm -f go && types "$hr sh -c \"until test -e go; do sleep 0.1; done; read x; echo got \\\$x\"" &&
	hs_wait_for "loop=\$(pgrep -o -f \"^sh -c until\")" 10 && type_ C-z && sees Stopped &&
	hs_wait_for "hs_state_ $loop; test \$hs_stat_ = T" 5 && type_ "clear; bg; fg" Enter && sees "^handseal run" &&
	type_ word Enter && >go && sees "^got word" && prompts 0 && same
'
test_expect_success 'in a pipeline the pager at its end keeps the terminal' '
	types "$hr seq 1 200 | less" && sees "^23$" && type_ Space && sees "^46$" && type_ C-z && sees Stopped &&
	type_ "clear; fg" Enter && sees "^46$" && type_ q && prompts 0 && same && types "$hr cat numbers | $hr less" &&
	sees "^23$" && type_ Space && sees "^46$" && type_ q && prompts 0 && same && types "seq 1 3 | $hr sort -r" &&
	sees "^3$" && prompts 0 && types "x=\$($hr echo sub); echo =\$x=" && sees "^=sub=" && same
'
test_expect_success 'in a script ^C and ^Z reach the script too' '
	types "sh script.sh" && running "sleep 100" && type_ C-z && sees Stopped && stopped "sleep 100" && type_ fg Enter &&
	running "sleep 100" && type_ C-c && prompts 130 && ! grep "went on" pane && same &&
	types "sh script.sh \"perl screen.pl\"" && sees "^screen 1" && type_ C-z && sees Stopped && type_ fg Enter &&
	sees "^screen 2" && type_ q && sees "went on with 7" && prompts 0 && same
'
test_expect_success 'a shell below a seat has jobs of its own' '
	types "$hr env PS1=inner: bash --norc --noprofile" && sees "^inner:" && type_ "sleep 100" Enter &&
	running "sleep 100" && type_ C-z && sees "Stopped *sleep 100" && type_ "fg" Enter && running "sleep 100" &&
	type_ C-c && type_ "echo still \$?" Enter && sees "^still 130" && type_ "less numbers" Enter && sees "^23$" &&
	type_ C-z && sees "Stopped *less" && type_ fg Enter && sees "^23$" && type_ q && type_ "clear; suspend" Enter &&
	sees "Stopped" && sees "^ready 1:$" && type_ "clear; fg" Enter && type_ "" && type_ "echo back" Enter &&
	sees "^back" && type_ "exit 9" Enter && prompts 9 && same
'
test_expect_success 'stopped and continued by another hand' '
	types "$hr sleep 100" && running "sleep 100" && kill -STOP $(pgrep -x -f "sleep 100") && sees Stopped &&
	type_ fg Enter && running "sleep 100" && kill -TERM $(pgrep -x -f "$hr sleep 100") && sees Terminated &&
	prompts 143 && same
'
test_expect_success 'we are killed: the shell has its terminal back' '
	types "$hr sleep 100" && running "sleep 100" && kill -KILL $(pgrep -x -f "$hr sleep 100") && sees Killed &&
	prompts 137 && kill $(pgrep -x -f "sleep 100") && ended "sleep 100" && rm -r "$d"/run/handseal-run.* && same
'
test_expect_success 'the daemon ends meanwhile: one line, and the terminal is the program'\''s still' '
	types "$hr cat" && running cat && hs_stop seats && sees "is gone: handseald closed" && type_ still Enter &&
	hs_wait_for "pane; test \$(grep -c ^still pane) = 2" 10 && type_ C-d && prompts 0 && same && seats fair
'
test_expect_success 'without a shell: ^Z stops nothing for good' '
	tm new-window "$as_deploy env XDG_RUNTIME_DIR=$d/run HANDSEAL_SOCK=$sock $hr perl $PWD/screen.pl" &&
	sees "^screen 1" && type_ C-z && sees "^screen 2" && type_ C-c && sees "^key 03" && type_ q && sees "^ready 0:$" &&
	leaves_nothing
'
test_expect_success 'the terminal hangs up: the program is told, and nothing is left' '
	type_ "clear; $hr sleep 100" Enter && running "sleep 100" && tm kill-server && ended "sleep 100" &&
	hs_wait_for leaves_nothing 10
'
hs_done
