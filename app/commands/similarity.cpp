// gradus similarity: the cosines of pairs of texts, and what centring, removing or whitening does to them.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/finetune/task_run.hpp"
#include "app/input/input_texts.hpp"
#include "app/input/layer_list.hpp"
#include "app/input/model_files.hpp"
#include "app/options/options.hpp"
#include "app/runs/run_settings.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/ops.hpp"
#include "bert/evaluation/features.hpp"
#include "bert/evaluation/vector_cure.hpp"
#include "bert/tasks/similarity.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct SimilarityCall {
  fs::path model, file, fit, save, use;
  std::string layers = "-1", cure = "none";
  int64_t components = 0;
  bool score = false, force = false, json = false;
  bool said_components = false;
};

/// Vectors of texts, [N, H].
Tensor vectors_of(const OpenedBert& opened, const SimilarityCall& call, const std::vector<std::string>& texts,
                  Progress& progress) {
  bert::FeatureOptions how;
  how.layers = layers_of(call.layers);
  const std::vector<bert::TextFeatures> found = bert::features(
      opened.model, opened.tokenizer, texts, how,
      [&](size_t done) { progress.update(static_cast<double>(done) / static_cast<double>(texts.size())); });
  const auto cut = std::ranges::count_if(found, [](const auto& text) { return text.is_cut; });
  if (cut > 0)
    print_error(fmt::format("gradus similarity: {} of {} were longer than the model takes and were cut\n",
                            with_commas(cut), counted(std::ssize(texts), "text")));
  Tensor vectors = zeros(Shape{std::ssize(texts), found[0].vectors.size(0)});
  for (size_t i = 0; i < found.size(); ++i)
    vectors.select(0, static_cast<int64_t>(i)).copy_(found[i].vectors);
  return vectors;
}

/// What a kept cure was fitted to: it is worth nothing for other vectors.
bert::VectorCure::Notes notes_of(const SimilarityCall& call, const OpenedBert& opened) {
  const int64_t count = opened.model.config.num_hidden_layers;
  std::string layers;  // counted from the front: -1 of two layers is 2
  for (const int64_t layer : layers_of(call.layers))
    layers += fmt::format("{}{}", layers.empty() ? "" : ",", layer < 0 ? count + 1 + layer : layer);
  return {{"layers", layers},
          {"weights", checked_fingerprint(opened.model.state_dict(), call.model.string())}};
}

/// @throws WrongCall for a cure of vectors from other layers or another model.
void check_notes(const SimilarityCall& call, const OpenedBert& opened, const bert::VectorCure& cure) {
  for (const auto& [what, own] : notes_of(call, opened)) {
    const auto kept = cure.notes.find(what);
    if (kept == cure.notes.end() || kept->second == own) continue;
    if (what == "layers")
      fail<WrongCall>("--use: {} was fitted to --layers {}; give the same, or fit another cure",
                      call.use.string(), kept->second);
    fail<WrongCall>(
        "--use: {} was fitted to other weights than those of {}; fit one to this model with --cure",
        call.use.string(), call.model.string());
  }
}

/// Texts of pairs, the first ones and then the second ones.
std::vector<std::string> texts_of(const bert::LabelledTexts& table) {
  std::vector<std::string> texts;
  for (const bert::LabelledText& row : table.rows) texts.push_back(row.text);
  for (const bert::LabelledText& row : table.rows)
    if (table.has_pairs) texts.push_back(row.pair);
  return texts;
}

/// The texts of --fit: one a line, or those of a table.
std::vector<std::string> texts_to_fit(const SimilarityCall& call) {
  if (call.fit.extension() != ".tsv") return input_texts({}, call.fit, EmptyLines::are_skipped);
  return texts_of(bert::read_labelled_texts(call.fit, bert::LabelKind::none));
}

/// What a fit cannot do. `vectors` are what the cure is fitted to.
void check_fit(const SimilarityCall& call, const Tensor& vectors, Progress& progress) {
  const int64_t texts = vectors.size(0), numbers = vectors.size(1);
  const std::string file = (call.fit.empty() ? call.file : call.fit).string();
  if (texts < 2) fail<WrongCall>("--cure is fitted to two texts or more, and {} has one", file);
  if (call.components > numbers)
    fail<WrongCall>("--components {}: the vectors have {} numbers", call.components, numbers);
  if (call.score && call.fit.empty())
    progress.say(
        "gradus similarity: warning: the cure is fitted to the texts that it is scored on, which flatters "
        "it; "
        "--fit names others");
  if (call.cure == "whiten" && texts <= numbers)
    progress.say(
        fmt::format("gradus similarity: warning: {} are too few to whiten vectors of {} numbers: what they "
                    "have in common is stretched with the rest",
                    counted(texts, "text"), numbers));
}

/// The cure that the call asks for: a kept one, or one fitted to the texts of --fit, else to those of FILE.
std::optional<bert::VectorCure> cure_of(const SimilarityCall& call, const OpenedBert& opened,
                                        const Tensor& own, Progress& progress) {
  if (!call.use.empty()) {
    bert::VectorCure cure = bert::VectorCure::load(call.use);
    if (cure.mean.size(0) != own.size(1))
      fail<WrongCall>("--use: {} is for vectors of {} numbers, and those of {} have {}", call.use.string(),
                      cure.mean.size(0), call.model.string(), own.size(1));
    check_notes(call, opened, cure);
    return cure;
  }
  if (call.cure == "none") return std::nullopt;
  const Tensor fitted = call.fit.empty() ? own : vectors_of(opened, call, texts_to_fit(call), progress);
  check_fit(call, fitted, progress);
  const int64_t components = call.said_components || call.cure != "remove" ? call.components : 1;
  bert::VectorCure cure(fitted, bert::cure_by_name(call.cure), components);
  if (!call.save.empty()) cure.save(call.save, notes_of(call, opened));
  return cure;
}

/// What the table says of one cloud of vectors.
struct Account {
  bert::Findings findings;
  bert::Anisotropy anisotropy;

  /// How many directions hold half of the sum of squares.
  int64_t half() const {
    double sum = 0;
    int64_t count = 0;
    for (const double share : anisotropy.shares) {
      if (sum >= 0.5) break;
      sum += share;
      ++count;
    }
    return count;
  }
};

struct Pairs {
  bert::LabelledTexts table;
  Tensor first, second;  // [N, H]

  std::vector<double> cosines() const {
    return bert::cosines(first, second).to(DType::f64).to_vector<double>();
  }
  Account account() const {
    return {bert::judge_cosines(table, cosines(), bert::Detail::all),
            bert::anisotropy(concat({first, second}, 0))};
  }
};

std::string table_of(const std::vector<std::pair<std::string, Account>>& columns) {
  constexpr int name_width = 38, width = 26;
  std::string text = fmt::format("{:<{}}", "", name_width);
  const auto end_line = [&text] {
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  };
  for (const auto& [name, account] : columns) text += fmt::format("{:<{}}", name, width);
  end_line();
  const auto row = [&](const std::string& name, auto value) {
    text += fmt::format("{:<{}}", name, name_width);
    for (const auto& [column, account] : columns) text += fmt::format("{:<{}}", value(account), width);
    end_line();
  };
  for (size_t i = 0; i < 2; ++i)
    row(columns[0].second.findings.figures[i].name,
        [i](const Account& a) { return bert::figure_text(a.findings.figures[i]); });
  row("mean cosine of random pairs",
      [](const Account& a) { return fmt::format("{:.3f}", a.anisotropy.mean_cosine); });
  row("share of the largest direction",
      [](const Account& a) { return fmt::format("{:.3f}", a.anisotropy.shares[0]); });
  row("directions that hold half", [](const Account& a) { return fmt::format("{}", a.half()); });
  row("directions", [](const Account& a) { return fmt::format("{}", a.anisotropy.shares.size()); });
  return text;
}

nlohmann::ordered_json json_of(const std::vector<std::pair<std::string, Account>>& columns) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [name, account] : columns) {
    nlohmann::ordered_json entry = app::to_json(account.findings, {});
    entry["mean_cosine"] = account.anisotropy.mean_cosine;
    entry["shares"] = account.anisotropy.shares;
    entry["directions_of_half"] = account.half();
    object[name] = entry;
  }
  return object;
}

void check(const SimilarityCall& call) {
  const auto needs_cure = [&](const char* option, bool said) {
    if (said && call.cure == "none")
      fail<WrongCall>("{} is a part of --cure; give both, or leave it out", option);
  };
  needs_cure("--fit", !call.fit.empty());
  needs_cure("--save", !call.save.empty());
  needs_cure("--components", call.said_components);
  if (call.said_components && call.cure == "centre")
    fail<WrongCall>("--components is for --cure remove and whiten; leave it out");
  if (!call.use.empty() && call.cure != "none")
    fail<WrongCall>("--use takes a cure that was fitted and --cure fits one; leave one of them out");
  if (!call.save.empty()) refuse_to_overwrite(call.save, call.force, "--save");
}

void print_pairs(const SimilarityCall& call, const Pairs& pairs) {
  const std::vector<double> cosines = pairs.cosines();
  std::string out = call.json ? "" : "cosine\ttext\tpair\n";
  for (size_t i = 0; i < cosines.size(); ++i) {
    const bert::LabelledText& row = pairs.table.rows[i];
    if (call.json) {
      const nlohmann::ordered_json object{{"cosine", cosines[i]}, {"text", row.text}, {"pair", row.pair}};
      out += object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    } else {
      out += fmt::format("{:.4f}\t{}\t{}\n", cosines[i], row.text, row.pair);
    }
  }
  print(out);
}

void run(const SimilarityCall& call) {
  check(call);
  const OpenedBert opened = open_bert("similarity", call.model);
  check_layers(layers_of(call.layers), call.layers, opened.model.config.num_hidden_layers, call.model);
  Pairs pairs;
  pairs.table =
      bert::read_labelled_texts(call.file, call.score ? bert::LabelKind::number : bert::LabelKind::none);
  if (!pairs.table.has_pairs) fail<FormatError>("{}: names no column 'pair'", call.file.string());
  Progress progress("embedding");
  const Tensor own = vectors_of(opened, call, texts_of(pairs.table), progress);
  const std::optional<bert::VectorCure> cure = cure_of(call, opened, own, progress);
  progress.clear();
  const int64_t count = std::ssize(pairs.table.rows);
  const auto set = [&](const Tensor& vectors) {
    pairs.first = vectors.slice(0, 0, count);
    pairs.second = vectors.slice(0, count, 2 * count);
  };
  set(own);
  std::vector<std::pair<std::string, Account>> columns;
  if (call.score) columns.emplace_back("as they are", pairs.account());
  if (cure) set((*cure)(own));
  if (!call.score) return print_pairs(call, pairs);
  if (cure) columns.emplace_back(call.use.empty() ? call.cure : call.use.string(), pairs.account());
  call.json ? print(json_of(columns)) : print(table_of(columns));
}

}  // namespace

void add_similarity(CLI::App& program) {
  auto call = std::make_shared<SimilarityCall>();
  CLI::App* c =
      add_command(program, "similarity", "Compare pairs of texts by the cosine of their vectors",
                  "gradus corpus toy --out toy --stories 2000\n"
                  "gradus corpus toy --task similarity --examples 400 --out pairs\n"
                  "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model "
                  "--vocab-size 400 --steps 20 --evaluation-rows 64\n"
                  "gradus similarity model pairs/test.tsv --score --cure whiten --fit pairs/train.tsv");
  add_path(*c, "MODEL", call->model, "FOLDER", "A BERT, ours or Hugging Face's").required();
  add_path(*c, "FILE", call->file, "FILE", "A table with tabs: text, pair, and for --score a score")
      .required();
  add_switch(*c, "--score", call->score,
             "Print how well the cosines order the pairs, and how the vectors lie");
  add_text(*c, "--layers", call->layers, "LIST",
           "0 is the embeddings, -1 the last layer: 3, or -2,-1, or last4");
  add_choice(*c, "--cure", call->cure, {"none", "centre", "remove", "whiten"}, "What is done to the vectors");
  const Option components = add_whole(
      *c, "--components", call->components,
      "remove: directions that go, 1 unless said; whiten: those that stay, 0 for all", 0, 1'000'000);
  add_path(*c, "--fit", call->fit, "FILE",
           "The texts that --cure is fitted to, one a line or a table (.tsv); without it those of FILE");
  add_path(*c, "--save", call->save, "FILE", "Keep the fitted cure");
  add_path(*c, "--use", call->use, "FILE", "A cure that --save kept");
  add_switch(*c, "--force", call->force, "Replace the file of --save");
  add_json(*c, call->json);
  on_call(*c, [call, components] {
    call->said_components = components.is_given();
    run(*call);
  });
}

}  // namespace gradus::app
