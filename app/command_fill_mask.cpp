// gradus fill-mask: the most probable pieces for each [MASK] of a text.
#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/model_files.hpp"
#include "bert/checkpoint.hpp"
#include "bert/fill_mask.hpp"
#include "bert/tokenizer_files.hpp"

namespace gradus::app {
namespace {

struct Call {
  std::filesystem::path model;
  std::vector<std::string> texts;
  std::string pair;
  int64_t top = 5;
  bool json = false;
};

nlohmann::ordered_json to_json(const bert::FilledText& filled) {
  nlohmann::ordered_json masks = nlohmann::ordered_json::array();
  for (const bert::MaskFilling& mask : filled.masks) {
    nlohmann::ordered_json candidates = nlohmann::ordered_json::array();
    for (const bert::Candidate& c : mask.candidates) {
      candidates.push_back({{"piece", c.piece}, {"id", c.id}, {"probability", c.probability}});
    }
    masks.push_back({{"position", mask.position}, {"candidates", candidates}});
  }
  return {{"text", filled.text}, {"masks", masks}};
}

std::string to_text(const bert::FilledText& filled) {
  std::string text = filled.text + "\n";
  for (size_t i = 0; i < filled.masks.size(); ++i) {
    if (filled.masks.size() > 1) text += fmt::format("  mask {}\n", i + 1);
    for (const bert::Candidate& c : filled.masks[i].candidates) {
      text += fmt::format("  {:>5.1f} %  {}\n", 100 * c.probability, c.piece);
    }
  }
  return text;
}

void run(const Call& call) {
  const bert::Tokenizer tokenizer = bert::load_tokenizer(call.model);
  const auto loaded = bert::load_for_pretraining(call.model);
  for (const std::string& warning : loaded.warnings)
    print_error(fmt::format("gradus fill-mask: {}\n", warning));
  check_vocabulary("fill-mask", tokenizer, loaded.model.bert.config);
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const std::string& text : call.texts) {
    const bert::FilledText filled = bert::fill_mask(loaded.model, tokenizer, text, call.top, call.pair);
    if (call.json) {
      results.push_back(to_json(filled));
    } else {
      print(to_text(filled));
    }
  }
  if (call.json) print(nlohmann::ordered_json{{"texts", results}});
}

}  // namespace

void add_fill_mask(CLI::App& program) {
  auto call = std::make_shared<Call>();
  CLI::App* c =
      add_command(program, "fill-mask", "Fill in the [MASK]s of a text",
                  "gradus corpus toy --out toy --stories 2000\n"
                  "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model --vocab-size 400 "
                  "--steps 20 --evaluation-rows 64\n"
                  "gradus fill-mask model \"Tom went to the [MASK].\" --top 3");
  add_path(*c, "MODEL", call->model, "FOLDER", "A model folder, ours or Hugging Face's")->required();
  c->add_option("TEXT", call->texts, "A text with [MASK] where words are wanted")->required();
  c->add_option("--pair", call->pair, "A second segment");
  add_whole(*c, "--top", call->top, "Candidates for each mask");
  add_json(*c, call->json);
  c->callback([call] { run(*call); });
}

}  // namespace gradus::app
