// What each option of evaluate, fill-mask, inspect and bench does.
#include <algorithm>

#include "app/option_table.hpp"

namespace gradus::test {
namespace {

/// A figure of what evaluate --json prints.
double figure(const Outcome& call, const std::string& name) { return call.json().at(name); }

/// The masks of the first text that fill-mask --json shows.
nlohmann::json masks(const Outcome& call) { return call.json().at("texts").at(0).at("masks"); }

/// The first size that bench --json tells of.
nlohmann::json timing(const Outcome& call) { return call.json().at("sizes").at(0); }

/// A row whose change makes a step's nominal work from `least` to `most` times what it was.
std::function<void(const Outcome&, const Outcome&)> has_work(double least, double most) {
  return [=](const Outcome& base, const Outcome& changed) {
    const double times = timing(changed).at("nominal_operations").get<double>() /
                         timing(base).at("nominal_operations").get<double>();
    CHECK(times > least);
    CHECK(times < most);
  };
}

bool has_operation(const Outcome& call, const std::string& name) {
  return std::ranges::any_of(timing(call).at("operations"),
                             [&](const auto& entry) { return entry.at("name") == name; });
}

}  // namespace

std::vector<OptionRow> evaluate_rows() {
  const Words all = {"evaluate", "../model", "../toy/held-out.txt", "--length", "16", "--json"};
  Words other = all, twice = all, lines = all;
  other[1] = "../other";
  twice.insert(twice.begin() + 3, all[2]);
  lines[2] = "../lines.txt";
  // Batches for two workers.
  const Words of_team = with(with(all, {"--threads", "2"}), {"--batch-rows", "4"});
  lines = with(lines, {"--block-sentences", "4"});
  return {
      {"evaluate", "MODEL", all, other,
       [](auto& base, auto& changed) {
         CHECK(figure(changed, "positions") == figure(base, "positions"));
         CHECK(figure(changed, "mlm_loss") != figure(base, "mlm_loss"));
       }},
      {"evaluate", "TEXT", all, twice,
       [](auto& base, auto& changed) {
         CHECK(figure(changed, "positions") > 1.5 * figure(base, "positions"));
       }},
      {"evaluate", "--train", all, with(all, {"--train", "../toy/train.txt"}),
       [](auto& base, auto& changed) {
         CHECK(!base.json().contains("bigram_accuracy"));
         CHECK(figure(changed, "bigram_accuracy") > figure(changed, "unigram_accuracy"));
         CHECK(figure(changed, "mlm_loss") == figure(base, "mlm_loss"));
       }},
      {"evaluate", "--length", all, with(all, {"--length", "64"}),
       [](auto& base, auto& changed) { CHECK(figure(changed, "pairs") < 0.7 * figure(base, "pairs")); }},
      {"evaluate", "--rows", all, with(all, {"--rows", "4"}),
       [](auto& base, auto& changed) {
         CHECK(figure(changed, "positions") <= 4 * 4);
         CHECK(figure(changed, "positions") < 0.5 * figure(base, "positions"));
       }},
      {"evaluate", "--passes", all, with(all, {"--passes", "3"}),
       [](auto& base, auto& changed) {
         CHECK(figure(changed, "positions") > 2.5 * figure(base, "positions"));
         CHECK(figure(changed, "positions") < 3.5 * figure(base, "positions"));
       }},
      // The same sum over the same rows, in another order.
      {"evaluate", "--batch-rows", all, with(all, {"--batch-rows", "3"}),
       [](auto& base, auto& changed) {
         CHECK(figure(changed, "positions") == figure(base, "positions"));
         CHECK(figure(changed, "mlm_loss") == Approx(figure(base, "mlm_loss")).epsilon(1e-5));
         CHECK(figure(changed, "mlm_loss") != figure(base, "mlm_loss"));
       }},
      {"evaluate", "--masked", all, with(all, {"--masked", "0.45"}),
       [](auto& base, auto& changed) {
         CHECK(figure(changed, "positions") > 2.3 * figure(base, "positions"));
         CHECK(figure(changed, "positions") < 3.7 * figure(base, "positions"));
       }},
      {"evaluate", "--nearby-negatives", with(lines, {"--nearby-negatives", "0"}),
       with(lines, {"--nearby-negatives", "1"}),
       [](auto& base, auto& changed) { CHECK(figure(changed, "nsp_loss") != figure(base, "nsp_loss")); }},
      {"evaluate", "--block-sentences", lines, with(lines, {"--block-sentences", "2"}),
       [](auto& base, auto& changed) {
         CHECK(figure(changed, "pairs") == 30);  // one for each two of sixty lines
         CHECK(figure(base, "pairs") != 30);
       }},
      {"evaluate", "--no-nsp", all, with(all, {"--no-nsp"}),
       [](auto& base, auto& changed) {
         CHECK(figure(base, "pairs") > 0);
         CHECK(!changed.json().contains("pairs"));
       }},
      {"evaluate", "--seed", all, with(all, {"--seed", "2"}),
       [](auto& base, auto& changed) { CHECK(figure(changed, "mlm_loss") != figure(base, "mlm_loss")); }},
      // For several ranks (test_mpi.cpp); one is left as it is.
      {"evaluate", "--stall-minutes", all, with(all, {"--stall-minutes", "1"}),
       [](auto& base, auto& changed) { CHECK(changed.result.out == base.result.out); }},
      {"evaluate", "--workers", of_team, with(of_team, {"--workers", "2"}),
       [](auto& base, auto& changed) {  // a team for each; the text is read by the first alone
         CHECK(count_of(changed.result.errors, "team of 2") > count_of(base.result.errors, "team of 2"));
         CHECK(changed.result.out == base.result.out);
       },
       0, 0, show_teams},
      {"evaluate", "--threads", with(all, {"--threads", "1"}), with(all, {"--threads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("team of 2"));
         CHECK(changed.complains("team of 2"));
         CHECK(changed.result.out == base.result.out);
       },
       0, 0, show_teams},
      {"evaluate", "--json", without(all, "--json"), all,
       prints_json({"mlm_loss", "mlm_accuracy", "perplexity", "positions", "nsp_accuracy", "pairs"})},
  };
}

std::vector<OptionRow> fill_mask_rows() {
  const Words fill = {"fill-mask", "../model", "The [MASK] was hungry.", "--json"};
  const Words passages = {"fill-mask", "../model", "--held-out", "../toy/held-out.txt",
                          "--samples", "1",        "--json"};
  return {
      {"fill-mask",
       "MODEL",
       fill,
       {"fill-mask", "../other", fill[2], "--json"},
       [](auto& base, auto& changed) {
         CHECK(masks(changed).size() == 1);
         CHECK(masks(changed) != masks(base));
       }},
      {"fill-mask",
       "TEXT",
       fill,
       {"fill-mask", "../model", "[MASK] was in the [MASK].", "--json"},
       [](auto& base, auto& changed) {
         CHECK(masks(base).size() == 1);
         CHECK(masks(changed).size() == 2);
       }},
      {"fill-mask", "--pair", fill, with(fill, {"--pair", "He was in the [MASK]."}),
       [](auto& base, auto& changed) {
         CHECK(masks(base).size() == 1);
         CHECK(masks(changed).size() == 2);
         CHECK(changed.json().at("texts")[0].contains("pair"));
       }},
      {"fill-mask", "--held-out", passages, with(passages, {"--held-out", "../toy/train.txt"}),
       [](auto& base, auto& changed) {
         CHECK(masks(base)[0].at("answer").at("rank") >= 1);
         CHECK(changed.json().at("texts")[0].at("text") != base.json().at("texts")[0].at("text"));
       }},
      {"fill-mask", "--samples", passages, with(passages, {"--samples", "2"}),
       [](auto& base, auto& changed) {
         CHECK(base.json().at("texts").size() == 1);
         CHECK(changed.json().at("texts").size() == 2);
       }},
      {"fill-mask", "--targets", with(fill, {"--targets", "he,tom"}), with(fill, {"--targets", "tom,he,was"}),
       [](auto& base, auto& changed) {
         CHECK(masks(base)[0].at("candidates").size() == 2);
         CHECK(masks(changed)[0].at("candidates").size() == 3);
       }},
      {"fill-mask", "--top", fill, with(fill, {"--top", "3"}),
       [](auto& base, auto& changed) {
         CHECK(masks(base)[0].at("candidates").size() == 5);
         CHECK(masks(changed)[0].at("candidates").size() == 3);
       }},
      {"fill-mask", "--json", without(fill, "--json"), fill, prints_json({"texts"})},
  };
}

std::vector<OptionRow> inspect_rows() {
  const Words folder = {"inspect", "../model"};
  const Words cost = with(folder, {"--cost", "--steps", "0", "--json"});
  const Words tiny = {"inspect", "tiny", "--cost", "--steps", "0", "--json"};
  const auto ratio = [](const std::string& figure, double least, double most) {
    return [=](const Outcome& base, const Outcome& changed) {
      const double times = changed.json().at(figure).get<double>() / base.json().at(figure).get<double>();
      CHECK(times > least);
      CHECK(times < most);
    };
  };
  return {
      {"inspect",
       "PATH",
       folder,
       {"inspect", "../model/model.safetensors"},
       [](auto& base, auto& changed) {
         CHECK(base.says("1 layer, 1 head, hidden size 16"));
         CHECK(!changed.says("hidden size"));
         CHECK(changed.says("bert.embeddings.word_embeddings.weight"));
       }},
      {"inspect",
       "OTHER",
       folder,
       {"inspect", "../model", "../other"},
       [](auto& base, auto& changed) {
         CHECK(!base.says("the largest difference is"));
         CHECK(changed.says("config\n  the same\ntokenizer\n  the same 150 pieces\nweights\n"));
         CHECK(changed.says("the largest difference is"));
       }},
      {"inspect", "--cost", folder, with(folder, {"--cost"}),
       [](auto& base, auto& changed) {
         CHECK(base.says("word_embeddings.weight"));
         CHECK(!changed.says("word_embeddings.weight"));
         CHECK(changed.says("\nlayer 1\n  query, key, value: products "));
         CHECK(changed.says("\npredicted "));
       }},
      {"inspect", "--batch", with(cost, {"--batch", "2"}), with(cost, {"--batch", "6"}),
       ratio("nominal_operations", 2.9, 3.1)},
      {"inspect", "--length", with(cost, {"--length", "8"}), with(cost, {"--length", "16"}),
       ratio("nominal_operations", 2, 2.5)},
      {"inspect", "--masked", with(cost, {"--masked", "0.1"}), with(cost, {"--masked", "0.4"}),
       ratio("masked", 3.9, 4.2)},
      {"inspect", "--vocab-size", tiny, with(tiny, {"--vocab-size", "1000"}), ratio("parameters", 0.05, 0.5)},
      {"inspect", "--steps", cost, with(without(cost, "--steps"), {"--steps", "2"}),
       [](auto& base, auto& changed) {
         CHECK(!base.json().contains("measured_milliseconds"));
         CHECK(changed.json().at("measured_milliseconds") > 0);
         CHECK(changed.json().at("fastest_milliseconds") <= changed.json().at("median_milliseconds"));
       }},
      {"inspect", "--threads", with(cost, {"--threads", "1"}), with(cost, {"--threads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(base.json().at("machine").at("threads") == 1);
         CHECK(changed.json().at("machine").at("threads") == 2);
       },
       0, 0, "OMP_THREAD_LIMIT=1"},
      {"inspect", "--json", folder, with(folder, {"--json"}),
       prints_json({"path", "config", "tokenizer", "weights"})},
  };
}

std::vector<OptionRow> bench_rows() {
  const Words tiny = {"bench",        "tiny", "--what",    "step", "--batch", "1", "--length", "8",
                      "--vocab-size", "50",   "--threads", "1",    "--steps", "1", "--json"};
  Words mini = tiny;
  mini[1] = "mini";
  const Words text = {"bench",     "--what", "tokenizer", "--text", "../toy/held-out.txt",
                      "--threads", "1",      "--json"};
  const Words drawn = with(text, {"--svg", "old.svg", "--force"});
  return {
      {"bench", "SIZE", tiny, mini,
       [](auto& base, auto& changed) {
         CHECK(timing(base).at("size") == "tiny");
         CHECK(timing(changed).at("size") == "mini");
         has_work(7, 9)(base, changed);  // twice the layers, each of four times the work
       }},
      {"bench", "--what", tiny, with(tiny, {"--what", "inference", "step"}),
       [](auto& base, auto& changed) {
         CHECK(!base.json().contains("inference"));
         CHECK(changed.json().at("inference").size() == 2);
       }},
      // The time itself is all that tells how many steps were timed.
      {"bench", "--steps", tiny, with(tiny, {"--steps", "80"}),
       [](auto& base, auto& changed) { CHECK(changed.seconds > 2 * base.seconds); }},
      {"bench", "--batch", tiny, with(tiny, {"--batch", "3"}),
       [](auto& base, auto& changed) {
         CHECK(timing(changed).at("batch") == 3);
         has_work(2.9, 3.1)(base, changed);
       }},
      {"bench", "--length", tiny, with(tiny, {"--length", "16"}), has_work(1.9, 2.2)},
      {"bench", "--vocab-size", tiny, with(tiny, {"--vocab-size", "5000"}), has_work(1.1, 2)},
      {"bench", "--dropout", tiny, with(tiny, {"--dropout", "0"}),
       [](auto& base, auto& changed) {
         CHECK(has_operation(base, "dropout"));
         CHECK(!has_operation(changed, "dropout"));
       }},
      {"bench", "--text", text, with(text, {"--text", "../toy/train.txt"}),
       [](auto& base, auto& changed) {
         CHECK(changed.json().at("text").at("tokens") >
               5 * base.json().at("text").at("tokens").template get<int64_t>());
       }},
      {"bench", "--svg", text, with(text, {"--svg", "new.svg"}),
       [](auto& base, auto& changed) {
         CHECK(!base.has("new.svg"));
         CHECK(changed.text("new.svg").starts_with("<svg"));
       }},
      {"bench",
       "--force",
       without(drawn, "--force"),
       drawn,
       [](auto& base, auto& changed) {
         CHECK(base.complains("old.svg is already there"));
         CHECK(changed.text("old.svg").starts_with("<svg"));
       },
       2,
       0,
       "",
       {with(text, {"--svg", "old.svg"})}},
      // What it lists is in test_environment.cpp; it goes with nothing that asks for times.
      {"bench", "--kernels", tiny, with(tiny, {"--kernels"}),
       [](auto&, auto& changed) { CHECK(changed.complains("SIZE and --kernels do not go together")); }, 0, 2},
      // What is asked for is told, and no second thread begins: those of BLIS itself spin while they wait,
      // which takes minutes on a busy machine.
      {"bench", "--threads", tiny, with(tiny, {"--threads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(base.json().at("threads") == 1);
         CHECK(changed.json().at("threads") == 2);
       },
       0, 0, "OMP_THREAD_LIMIT=1"},
      {"bench", "--json", without(tiny, "--json"), tiny,
       prints_json({"processor", "threads", "peak_gigaflops", "memory_gigabytes", "blis_kernels",
                    "blis_kernels_why", "sizes"})},
  };
}

}  // namespace gradus::test

TEST_CASE("options: evaluate, each alone") { gradus::test::run_table(gradus::test::evaluate_rows()); }
TEST_CASE("options: fill-mask, each alone") { gradus::test::run_table(gradus::test::fill_mask_rows()); }
TEST_CASE("options: inspect, each alone") { gradus::test::run_table(gradus::test::inspect_rows()); }
TEST_CASE("options: bench, each alone") { gradus::test::run_table(gradus::test::bench_rows()); }
