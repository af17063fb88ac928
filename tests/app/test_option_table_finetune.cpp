// What each option of finetune and predict does.
#include <algorithm>
#include <cmath>
#include <regex>

#include "app/option_table.hpp"
#include "bert/report/task_history.hpp"
#include "nn/safetensors.hpp"

namespace gradus::test {
namespace {

Words small_tuning() {
  return {"finetune", "classification", "../model", "../moods.tsv", "--out",
          "run",      "--epochs",       "1",        "--seed",       "1"};
}

Words towers() {
  Words call = small_tuning();
  call[1] = "similarity";
  call[3] = "../pairs.tsv";
  return call;
}

bert::TaskHistory history(const Outcome& call) {
  return bert::read_task_history(call.folder / "run/history.json");
}

/// The training rows of the history.
std::vector<bert::TaskMoment> steps(const Outcome& call) {
  std::vector<bert::TaskMoment> moments = history(call).moments;
  std::erase_if(moments, [](const auto& moment) { return moment.is_evaluation(); });
  return moments;
}

bool same_weights(const Outcome& a, const Outcome& b) { return a.weight_bytes() == b.weight_bytes(); }

/// A check that the weights came out otherwise.
void other_weights(const Outcome& base, const Outcome& changed) { CHECK(!same_weights(base, changed)); }

double value(const Outcome& call, const std::string& figure) {
  return call.json().at("figures").at(figure).at("value");
}

}  // namespace

std::vector<OptionRow> finetune_rows() {
  const Words small = small_tuning();
  Words regression = small, other = small, pairs = towers();
  regression[1] = "regression";
  regression[3] = "../pairs.tsv";
  Words classified = regression;
  classified[1] = "classification";
  other[2] = "../other";
  Words more = small;
  more[3] = "../pairs.tsv";
  Words pronouns = small, entities = small;
  entities[1] = "entities";
  entities[3] = "../old.conll";
  pronouns[1] = "pronouns";
  pronouns[3] = "../nouns.tsv";
  const Words windows = with(with(small, {"--max-length", "6"}), {"--long-texts", "windows"});
  const Words contrastive = with(with(pairs, {"--loss", "contrastive"}), {"--alike-from", "1"});
  return {
      {"finetune", "TASK", classified, regression,
       [](auto& base, auto& changed) {
         CHECK(base.json("run/config.json").at("problem_type") == "single_label_classification");
         CHECK(changed.json("run/config.json").at("problem_type") == "regression");
       }},
      {"finetune", "MODEL", small, other, other_weights},
      {"finetune", "TRAIN", small, more,
       [](auto& base, auto& changed) {
         CHECK(base.json("run/config.json").at("id2label").size() == 2);
         CHECK(changed.json("run/config.json").at("id2label").size() == 3);
       }},
      {"finetune", "--out", small, with(small, {"--out", "elsewhere"}),
       [](auto& base, auto& changed) {
         CHECK(base.has("run/report.html"));
         CHECK(changed.has("elsewhere/report.html"));
         CHECK(!changed.has("run"));
       }},
      {"finetune", "--validation", small, with(small, {"--validation", "../moods.tsv"}),
       [](auto& base, auto& changed) {
         CHECK(base.says("of 2 examples"));
         CHECK(changed.says("of 24 examples"));
       }},
      {"finetune", "--validation-fraction", small, with(small, {"--validation-fraction", "0.25"}),
       [](auto&, auto& changed) { CHECK(changed.says("of 6 examples")); }},
      {"finetune", "--class-weights", small, with(small, {"--class-weights", "balanced"}), other_weights},
      {"finetune", "--pooling", small, with(small, {"--pooling", "attention"}),
       [](auto& base, auto& changed) {
         CHECK(base.json("run/config.json").at("model_type") == "bert");
         CHECK(changed.json("run/config.json").at("gradus").at("pooling") == "attention");
       }},
      {"finetune", "--iob1", entities, with(entities, {"--iob1"}),
       [](auto& base, auto& changed) {
         CHECK(base.complains("I-PER begins a sentence"));
         CHECK(changed.has("run/model.safetensors"));
       },
       1},
      {"finetune", "--loss", pairs, with(pairs, {"--loss", "contrastive"}), other_weights},
      {"finetune", "--temperature", contrastive, with(contrastive, {"--temperature", "1"}), other_weights},
      {"finetune", "--alike-from", contrastive, with(contrastive, {"--alike-from", "2"}), other_weights},
      {"finetune", "--pronoun", with(pronouns, {"--pronoun", "it"}), with(pronouns, {"--pronoun", "that"}),
       other_weights},
      {"finetune", "--freeze", small, with(small, {"--freeze", "1"}),
       [](auto& base, auto& changed) {
         const std::string name = "bert.encoder.layer.0.attention.self.query.weight";
         const auto before = nn::SafetensorsFile(base.folder / "../model/model.safetensors")
                                 .read(name)
                                 .template to_vector<float>();
         CHECK(base.weight(name) != before);
         CHECK(changed.weight(name) == before);
       }},
      {"finetune", "--max-length", small, with(small, {"--max-length", "6"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("longer than"));
         CHECK(changed.complains("longer than 6 pieces"));
       }},
      {"finetune", "--long-texts", with(small, {"--max-length", "6"}),
       with(with(small, {"--max-length", "6"}), {"--long-texts", "tail"}), other_weights},
      {"finetune", "--overlap", with(windows, {"--overlap", "0"}), with(windows, {"--overlap", "2"}),
       other_weights},
      {"finetune", "--try-rates", small, with(small, {"--try-rates", "1e-4", "1e-3"}),
       [](auto&, auto& changed) {
         CHECK(changed.has("run/runs/rate-0.0001-epochs-1-batch-32-seed-1/report.html"));
         CHECK(changed.has("run/runs/rate-0.001-epochs-1-batch-32-seed-1/report.html"));
         CHECK(changed.has("run/sweep.html"));
         CHECK(changed.has("run/model.safetensors"));
       }},
      {"finetune", "--try-epochs", small, with(small, {"--try-epochs", "1", "2"}),
       [](auto&, auto& changed) { CHECK(changed.has("run/runs/rate-0.0003-epochs-2-batch-32-seed-1")); }},
      {"finetune", "--try-batches", small, with(small, {"--try-batches", "4", "8"}),
       [](auto&, auto& changed) { CHECK(changed.has("run/runs/rate-0.0003-epochs-1-batch-8-seed-1")); }},
      {"finetune", "--try-seeds", small, with(small, {"--try-seeds", "3", "4"}),
       [](auto&, auto& changed) { CHECK(changed.has("run/runs/rate-0.0003-epochs-1-batch-32-seed-4")); }},
      {"finetune", "--json", small, with(small, {"--json"}),
       prints_json({"task", "examples", "figures", "baselines", "steps", "best_step", "seconds", "folder"})},
  };
}

std::vector<OptionRow> finetune_step_rows() {
  const Words small = small_tuning(), two = with(small, {"--epochs", "2"});
  Words deep = with(small, {"--json"});
  deep[2] = "deep";
  return {
      {"finetune", "--epochs", small, with(small, {"--epochs", "3"}),
       [](auto& base, auto& changed) {
         CHECK(steps(base).back().step == 1);
         CHECK(steps(changed).back().step == 3);
       }},
      {"finetune", "--batch", small, with(small, {"--batch", "4"}),
       [](auto&, auto& changed) { CHECK(steps(changed).back().step == 6); }},
      {"finetune", "--shards", small, with(small, {"--shards", "2"}),
       [](auto& base, auto& changed) {
         CHECK(std::abs(steps(base)[0].loss - steps(changed)[0].loss) < 1e-5);
         CHECK(!same_weights(base, changed));  // the last bits differ
       }},
      // Of four layers one is held at a time; weights, gradients and moments stay.
      {.command = "finetune",
       .option = "--recompute",
       .base = deep,
       .changed = with(deep, {"--recompute"}),
       .check =
           [](auto& base, auto& changed) {
             CHECK(same_weights(base, changed));
             CHECK(step_memory(changed) < 0.7 * step_memory(base));
           },
       .before = {with(with(with(small_pretraining(), {"--layers", "4"}), {"--steps", "1"}),
                       {"--out", "deep"})}},
      // These two are for several ranks (test_mpi.cpp); one is left as it is.
      {"finetune", "--share-moments", small, with(small, {"--share-moments"}),
       [](auto& base, auto& changed) { CHECK(same_weights(base, changed)); }},
      {"finetune", "--stall-minutes", small, with(small, {"--stall-minutes", "1"}),
       [](auto& base, auto& changed) { CHECK(same_weights(base, changed)); }},
      {"finetune", "--rows-at-once", small, with(small, {"--rows-at-once", "5"}),
       [](auto& base, auto& changed) {
         CHECK(std::abs(steps(base)[0].loss - steps(changed)[0].loss) < 1e-5);
         CHECK(!same_weights(base, changed));  // the last bits differ
       }},
      {"finetune", "--learning-rate", small, with(small, {"--learning-rate", "1e-3"}),
       [](auto& base, auto& changed) {
         CHECK(steps(base)[0].learning_rate > 0);
         CHECK(steps(changed)[0].learning_rate > 3 * steps(base)[0].learning_rate);
       }},
      {"finetune", "--warmup", with(small, {"--epochs", "4"}),
       with(with(small, {"--epochs", "4"}), {"--warmup", "1"}),
       [](auto& base, auto& changed) {
         CHECK(steps(changed)[0].learning_rate < steps(base)[0].learning_rate);
       }},
      {"finetune", "--decay", two, with(two, {"--decay", "constant"}),
       [](auto& base, auto& changed) {
         CHECK(steps(base)[1].learning_rate < steps(base)[0].learning_rate);
         CHECK(steps(changed)[1].learning_rate == steps(changed)[0].learning_rate);
       }},
      {"finetune", "--weight-decay", two, with(two, {"--weight-decay", "5"}), other_weights},
      {"finetune", "--clip", two, with(two, {"--clip", "0.01"}), other_weights},
      {"finetune", "--dropout", small, with(small, {"--dropout", "0.5"}),
       [](auto& base, auto& changed) {
         CHECK(base.json("run/config.json").at("hidden_dropout_prob") == 0);
         CHECK(changed.json("run/config.json").at("hidden_dropout_prob") == 0.5);
         CHECK(!same_weights(base, changed));
       }},
      {"finetune", "--hide", small, with(small, {"--hide", "0.5"}), other_weights},
      {"finetune", "--layer-decay", two, with(two, {"--layer-decay", "0.5"}), other_weights},
      {"finetune", "--patience", with(with(small, {"--epochs", "9"}), {"--learning-rate", "1e-12"}),
       with(with(with(small, {"--epochs", "9"}), {"--learning-rate", "1e-12"}), {"--patience", "2"}),
       [](auto& base, auto& changed) {
         CHECK(steps(base).back().step == 9);
         CHECK(steps(changed).back().step == 3);  // the first is the best, and two are no better
       }},
      {"finetune", "--last-epoch", with(with(small, {"--epochs", "4"}), {"--learning-rate", "1e-12"}),
       with(with(with(small, {"--epochs", "4"}), {"--learning-rate", "1e-12"}), {"--last-epoch"}),
       [](auto& base, auto& changed) {
         CHECK(base.text("run/report.html").find("with the model after step 1,") != std::string::npos);
         CHECK(changed.text("run/report.html").find("with the model after step") == std::string::npos);
       }},
      {"finetune", "--save-minutes", with(small, {"--epochs", "4"}),
       with(with(small, {"--epochs", "4"}), {"--save-minutes", "1e-9"}),
       [](auto& base, auto& changed) { CHECK(changed.checkpoints().size() >= base.checkpoints().size()); }},
      {"finetune",
       "--resume",
       small,
       with(small, {"--resume"}),
       [](auto& base, auto&) { CHECK(base.complains("holds a run already; add --resume")); },
       2,
       0,
       "",
       {small}},
      {"finetune", "--seed", small, with(small, {"--seed", "2"}), other_weights},
      {"finetune", "--workers", with(small, {"--shards", "2", "--threads", "2"}),
       with(small, {"--shards", "2", "--threads", "2", "--workers", "2"}),
       [](auto& base, auto& changed) {  // a team for each
         CHECK(count_of(changed.result.errors, "team of 2") > count_of(base.result.errors, "team of 2"));
         CHECK(same_weights(base, changed));
       },
       0, 0, show_teams},
      {"finetune", "--threads", with(small, {"--threads", "1"}), with(small, {"--threads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("team of 2"));
         CHECK(changed.complains("team of 2"));
       },
       0, 0, show_teams},
  };
}

std::vector<OptionRow> predict_rows() {
  const Words all = {"predict", "../moods", "../moods.tsv"};
  const Words one = {"predict", "../moods", "--text", "Tom was happy."};
  const Words scored = with(all, {"--score"}), json = with(scored, {"--json"});
  Words other = all;
  other[1] = "topics";
  const Words train_other = {"finetune", "classification", "../other", "../moods.tsv",
                             "--out",    "topics",         "--epochs", "1"};
  const Words short_rows = with(all, {"--max-length", "6"});
  const Words windows = with(short_rows, {"--long-texts", "windows"});
  return {
      {"predict",
       "MODEL",
       all,
       other,
       [](auto& base, auto& changed) { CHECK(base.result.out != changed.result.out); },
       0,
       0,
       "",
       {train_other}},
      {"predict",
       "FILE",
       {"predict", "../moods", "../moods.tsv"},
       {"predict", "../moods", "../pairs.tsv"},
       [](auto& base, auto& changed) {
         CHECK(base.says("label\tprobability\ttext\n"));
         CHECK(changed.says("label\tprobability\ttext\tpair\n"));
       }},
      {"predict", "--text", one, with(one, {"--text", "Anna was hungry."}),
       [](auto& base, auto& changed) {
         CHECK(base.says("\tTom was happy.\n"));
         CHECK(changed.says("\tAnna was hungry.\n"));
       }},
      {"predict",
       "--text",
       {"predict", "../tags", "--text", "Tom went home"},
       {"predict", "../tags", "--text", "Did  Zoë-Ann go home?"},
       [](auto& base, auto& changed) {
         const auto words = [](const std::string& out) {
           return std::regex_replace(out, std::regex(" [^ ]+\n"), "|");
         };
         CHECK(words(base.result.out) == "Tom|went|home|");
         CHECK(words(changed.result.out) == "Did|Zoë|-|Ann|go|home|?|");
       }},
      {"predict", "--pair", one, with(one, {"--pair", "He ate."}),
       [](auto&, auto& changed) { CHECK(changed.says("\tTom was happy.\tHe ate.\n")); }},
      {"predict",
       "--pronoun",
       {"predict", "../model", "../nouns.tsv", "--pronoun", "it"},
       {"predict", "../model", "../nouns.tsv", "--pronoun", "that"},
       [](auto& base, auto& changed) {
         CHECK(base.says("noun\tprobability\ttext\nthe "));
         CHECK(base.result.out != changed.result.out);
       }},
      {"predict", "--score", all, scored,
       [](auto& base, auto& changed) {
         CHECK(!base.says("accuracy"));
         CHECK(changed.says("accuracy"));
         CHECK(changed.says("of 24 examples"));
       }},
      {"predict", "--by", json, with(json, {"--by", "kind"}),
       [](auto& base, auto& changed) {
         CHECK(!base.json().contains("by"));
         CHECK(changed.json().at("by").size() == 3);
         double mean = 0;
         const nlohmann::json by = changed.json().at("by");
         for (const auto& part : by) mean += part.template get<double>() / 3;
         CHECK(mean == Approx(value(base, "accuracy")));
       }},
      {"predict",
       "--by",
       {"predict", "../answers", "../questions.json", "--score", "--json"},
       {"predict", "../answers", "../questions.json", "--score", "--json", "--by", "kind"},
       [](auto& base, auto& changed) {
         CHECK(!base.json().contains("by"));
         const nlohmann::json by = changed.json().at("by");
         CHECK(by.size() == 2);
         CHECK(by.at("told") == value(base, "exact match (answerable)"));
         CHECK(by.at("not told") == value(base, "exact match (none)"));
       }},
      {"predict", "--together", json, with(json, {"--together", "kind"}),
       [](auto&, auto& changed) { CHECK(changed.json().at("together") <= value(changed, "accuracy")); }},
      {"predict",
       "--iob1",
       {"predict", "../tags", "../old.conll", "--score"},
       {"predict", "../tags", "../old.conll", "--score", "--iob1"},
       [](auto& base, auto& changed) {
         CHECK(base.complains("I-PER begins a sentence"));
         CHECK(changed.says("entity F1"));
       },
       1},
      {"predict",
       "--threshold",
       {"predict", "../answers", "--text", "Who was hungry?", "--pair", "Tom was hungry.", "--threshold",
        "1000"},
       {"predict", "../answers", "--text", "Who was hungry?", "--pair", "Tom was hungry.", "--threshold",
        "-1000"},
       [](auto& base, auto& changed) {
         CHECK(base.json().at("--text") != "");
         CHECK(changed.json().at("--text") == "");
       }},
      {"predict", "--max-length", all, short_rows,
       [](auto& base, auto& changed) {
         CHECK(!base.complains("longer than"));
         CHECK(changed.complains("longer than 6 pieces"));
       }},
      {"predict", "--long-texts", short_rows, with(short_rows, {"--long-texts", "tail"}),
       [](auto& base, auto& changed) { CHECK(base.result.out != changed.result.out); }},
      {"predict", "--overlap", with(windows, {"--overlap", "0"}), with(windows, {"--overlap", "2"}),
       [](auto& base, auto& changed) { CHECK(base.result.out != changed.result.out); }},
      {"predict", "--threads", with(all, {"--threads", "1"}), with(all, {"--threads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("team of 2"));
         CHECK(changed.complains("team of 2"));
       },
       0, 0, show_teams},
      {"predict", "--json", all, with(all, {"--json"}),
       [](auto&, auto& changed) {
         const auto first =
             nlohmann::json::parse(changed.result.out.substr(0, changed.result.out.find('\n')));
         CHECK(first.at("probabilities").size() == 2);
       }},
  };
}

}  // namespace gradus::test

using namespace gradus::test;

TEST_CASE("options: finetune, each of its data and models alone") { run_table(finetune_rows()); }
TEST_CASE("options: finetune, each of its steps alone") { run_table(finetune_step_rows()); }
TEST_CASE("options: predict, each alone") { run_table(predict_rows()); }
