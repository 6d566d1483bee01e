# SpamAssassin's Bayes alone: learns the messages of two lists of files and prints
# the probability of those of a third, one a line. Its rules are not asked.
#
#	perl spamassassin.pl FOLDER SPAM HAM TEST
use strict;
use warnings;
use Mail::SpamAssassin;

my ($dir, $spam, $ham, $test) = @ARGV;
my $sa = Mail::SpamAssassin->new({
    dont_copy_prefs => 1, local_tests_only => 1, rules_filename => "/usr/share/spamassassin", site_rules_filename => "$dir/none",
    userstate_dir => $dir, post_config_text => "
        loadplugin Mail::SpamAssassin::Plugin::Bayes
        use_bayes 1
        bayes_path $dir/bayes
        bayes_min_spam_num 1
        bayes_min_ham_num 1
        bayes_auto_expire 0
        bayes_learn_to_journal 0
        lock_method flock
" });
$sa->init(1);

sub message {
    open my $fh, '<:raw', $_[0] or die "$_[0]: $!";
    my $m = $sa->parse($fh, 0);
    close $fh;
    return $m;
}

sub names {
    open my $fh, '<', $_[0] or die "$_[0]: $!";
    chomp(my @names = <$fh>);
    return @names;
}

$sa->init_learner({ force_expire => 0, learn_to_journal => 0, wait_for_lock => 1, caller_will_untie => 1 });
for ([$spam, 1], [$ham, 0]) {
    for my $name (names($_->[0])) {
        my $m = message($name);
        $sa->learn($m, undef, $_->[1], 0)->finish();
        $m->finish();
    }
}
$sa->rebuild_learner_caches({ verbose => 0 });
$sa->finish_learner();

my $bayes = $sa->call_plugins('learner_get_implementation');
for my $name (names($test)) {
    my $m = message($name);
    my $status = Mail::SpamAssassin::PerMsgStatus->new($sa, $m);
    $status->extract_message_metadata();
    my $p = $bayes->scan($status, $m);
    printf "%.12g\n", defined $p ? $p : 0.5;
    $status->finish();
    $m->finish();
}
