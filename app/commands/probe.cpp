// gradus probe: what a model's layers, heads and tokens have to do with what it says.
#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <vector>

#include <fmt/ranges.h>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/options/options.hpp"
#include "app/probe/probe_call.hpp"

namespace gradus::app {
namespace {

void check(const ProbeCall& call) {
  const bool two_files = call.what == "texts" || call.what == "words" || call.what == "antecedents";
  if (call.what == "tokens") {
    if (!call.test.empty() || !call.train.empty())
      fail<WrongCall>("tokens reads one text; give it with --text, and no file");
    if (call.text.empty()) fail<WrongCall>("tokens explains one text; give it with --text");
    return;
  }
  if (!call.text.empty() || !call.pair.empty())
    fail<WrongCall>("--text and --pair are for tokens, not for {}", call.what);
  if (two_files && (call.train.empty() || call.test.empty()))
    fail<WrongCall>("{} needs two files: examples to {} with, and others to score on", call.what,
                    call.what == "antecedents" ? "choose the head" : "train");
  if (!two_files && (call.train.empty() || !call.test.empty()))
    fail<WrongCall>("heads needs one file, with examples to score on");
}

/// Options that only some kinds look at.
struct Said {
  Option option;
  std::set<std::string> kinds;
};

void check_options(const ProbeCall& call, const std::vector<Said>& all) {
  for (const Said& one : all) {
    if (one.option.is_given() && !one.kinds.contains(call.what))
      fail<WrongCall>("{} is for {}, not for {}; leave it out", one.option.name(),
                      fmt::join(one.kinds, " and "), call.what);
  }
}

void run(const ProbeCall& call) {
  check(call);
  if (!call.svg.empty()) refuse_to_overwrite(call.svg, call.force, "--svg");
  if (call.what == "texts") return probe_texts(call);
  if (call.what == "words") return probe_words(call);
  if (call.what == "heads") return probe_heads(call);
  if (call.what == "antecedents") return probe_antecedents(call);
  probe_tokens(call);
}

}  // namespace

void add_probe(CLI::App& program) {
  auto call = std::make_shared<ProbeCall>();
  CLI::App* c =
      add_command(program, "probe", "Look inside a model: its layers, its heads, its tokens",
                  "gradus corpus toy --out toy --stories 2000\n"
                  "gradus corpus toy --task sentiment --examples 400 --out moods\n"
                  "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model --vocab-size 400 "
                  "--steps 20 --evaluation-rows 64\n"
                  "gradus probe texts model moods/train.tsv moods/test.tsv\n"
                  "gradus finetune classification model moods/train.tsv --out tuned --epochs 1\n"
                  "gradus probe heads tuned moods/test.tsv --svg heads.svg\n"
                  "gradus probe tokens tuned --text \"Tom was not sad.\" --svg tokens.svg");
  add_choice(*c, "WHAT", call->what, {"texts", "words", "heads", "antecedents", "tokens"},
             "What is looked at")
      .required();
  add_path(*c, "MODEL", call->model, "FOLDER",
           "A BERT; for tokens a fine-tuned classifier, for heads one or a model of pronouns")
      .required();
  add_path(*c, "TRAIN", call->train, "FILE", "A table with labels; for words a file of CoNLL");
  add_path(*c, "TEST", call->test, "FILE", "texts, words, antecedents: the file that is scored");
  add_text(*c, "--text", call->text, "TEXT", "tokens: the text");
  add_text(*c, "--pair", call->pair, "TEXT", "tokens: its second text");
  const Option label = add_text(*c, "--label", call->label, "NAME",
                                "tokens: the label to explain; the likeliest, unless said");
  const Option of =
      add_choice(*c, "--of", call->of, {"tags", "positions"}, "words: what is read off their vectors");
  const Option pronoun = add_text(*c, "--pronoun", call->pronoun, "WORD",
                                  "antecedents, heads: the word that means one of two nouns");
  const Option steps = add_whole(*c, "--steps", call->steps, "tokens: points of the integral", 1, 512);
  add_path(*c, "--svg", call->svg, "FILE", "Write a picture");
  add_switch(*c, "--force", call->force, "Replace the file of --svg");
  add_json(*c, call->json);
  explain_above_example(
      *c,
      "texts        logistic regression on the mean vectors of each layer, beside the most frequent label;\n"
      "             of pairs on u, v, |u - v| and u v side by side\n"
      "words        the same of words: their tags, or which word of the sentence they are; beside a control "
      "task,\n"
      "             in which each word has one label at random: what a probe learns by heart\n"
      "heads        the accuracy without each head: what is lost when it adds nothing; of a model without a\n"
      "             task that of naming whom a pronoun means (columns first_noun and second_noun)\n"
      "antecedents  how often each head looks from a pronoun at the noun that it means (columns first_noun "
      "and\n"
      "             second_noun); the head is chosen on TRAIN and scored on TEST\n"
      "tokens       the share that each token has in the logit of a label: gradient times input, and\n"
      "             integrated gradients, from the text with [MASK] for every piece");
  const std::vector<Said> of_some = {
      {label, {"tokens"}}, {steps, {"tokens"}}, {of, {"words"}}, {pronoun, {"antecedents", "heads"}}};
  on_call(*c, [call, of_some] {
    check_options(*call, of_some);
    run(*call);
  });
}

}  // namespace gradus::app
