// The text of progress lines, and Ctrl-C taken as a wish.
#include "app/terminal/progress.hpp"

#include <csignal>

#include "app/program.hpp"
#include "app/terminal/interrupt.hpp"
#include "support/catch.hpp"

using namespace gradus::app;

TEST_CASE("tests see what is said without the lines of progress") {
  CHECK(
      gradus::test::without_progress(
          "embedding 100 %  0:00 left\ngradus embed: cut\npretraining  1 %  step 2  loss 3  12:14 left\n") ==
      "gradus embed: cut\n");
  CHECK(gradus::test::without_progress("") == "");
  CHECK(gradus::test::without_progress("one\ntwo") == "one\ntwo");
}

TEST_CASE("times are shown as a clock shows them") {
  CHECK(clock_text(0) == "0:00");
  CHECK(clock_text(6.6) == "0:07");
  CHECK(clock_text(59.6) == "1:00");
  CHECK(clock_text(750) == "12:30");
  CHECK(clock_text(7500) == "2:05:00");
  CHECK(clock_text(-3) == "0:00");
}

TEST_CASE("a progress line says how much is done and how long the rest takes") {
  CHECK(progress_text("learning", 0.25, 60, "##ing") == "learning  25 %  ##ing  3:00 left");
  CHECK(progress_text("learning", 1, 60, "") == "learning 100 %  0:00 left");
  CHECK(progress_text("learning", 1.5, 60, "") == "learning 100 %  0:00 left");
  // The first moments tell nothing about the rest; nor does work whose end is not known.
  CHECK(progress_text("learning", 0, 0.1, "") == "learning   0 %");
  CHECK(progress_text("learning", 0.01, 0.1, "") == "learning   1 %");
  // Of a minute's training 16 % is done, after 40 seconds that went into reading the text as well.
  CHECK(progress_text("pretraining", 0.16, 40, "", 50.4) == "pretraining  16 %  0:50 left");
  CHECK(progress_text("reading", -1, 75, "12 words") == "reading  12 words  1:15");
}

TEST_CASE("under a guard the first Ctrl-C only sets a flag") {
  {
    const InterruptGuard guard;
    CHECK_FALSE(interrupted());
    std::raise(SIGINT);
    CHECK(interrupted());
  }
  const InterruptGuard another;
  CHECK_FALSE(interrupted());
  std::raise(SIGTERM);
  CHECK(interrupted());
}
