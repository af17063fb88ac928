// gradus fill-mask: the most probable pieces for each [MASK] of a text.
#include "bert/evaluation/fill_mask.hpp"
#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/input/model_files.hpp"
#include "app/options/options.hpp"
#include "bert/evaluation/masked_passage.hpp"

namespace gradus::app {
namespace {

struct FillMaskCall {
  std::filesystem::path model, held_out;
  std::vector<std::string> texts;
  std::string pair, targets;
  int64_t top = 5, samples = 3;
  bool json = false;
};

nlohmann::ordered_json to_json(const bert::Candidate& c) {
  return {{"piece", c.piece}, {"id", c.id}, {"probability", c.probability}};
}

nlohmann::ordered_json to_json(const bert::FilledText& filled) {
  nlohmann::ordered_json masks = nlohmann::ordered_json::array();
  for (const bert::MaskFilling& mask : filled.masks) {
    nlohmann::ordered_json candidates = nlohmann::ordered_json::array();
    for (const bert::Candidate& c : mask.candidates) candidates.push_back(to_json(c));
    nlohmann::ordered_json object{{"position", mask.position}, {"candidates", candidates}};
    if (mask.answer) {
      object["answer"] = to_json(mask.answer->candidate);
      object["answer"]["rank"] = mask.answer->rank;
    }
    masks.push_back(object);
  }
  nlohmann::ordered_json object{{"text", filled.text}};
  if (!filled.pair.empty()) object["pair"] = filled.pair;
  object["unknown"] = filled.unknown;
  object["masks"] = masks;
  return object;
}

std::string to_text(const bert::MaskFilling& mask) {
  std::string text;
  const auto line = [&text](const bert::Candidate& c, const std::string& note) {
    text += fmt::format("  {:>5.1f} %  {}{}\n", 100 * c.probability, c.piece, note);
  };
  for (const bert::Candidate& c : mask.candidates) {
    line(c, mask.answer && mask.answer->candidate.id == c.id ? "  <- stood there" : "");
  }
  if (mask.answer && mask.answer->rank > static_cast<int64_t>(mask.candidates.size())) {
    line(mask.answer->candidate,
         fmt::format("  <- stood there; guess {} of the model", with_commas(mask.answer->rank)));
  }
  return text;
}

std::string to_text(const bert::FilledText& filled) {
  std::string text = filled.marked + "\n";
  if (!filled.marked_pair.empty()) text += filled.marked_pair + "\n";
  if (!filled.unknown.empty()) {
    std::string words;
    for (const std::string& word : filled.unknown) words += (words.empty() ? "" : ", ") + word;
    text += fmt::format("  not in the vocabulary, so the model saw {}: {}\n", bert::unk_token, words);
  }
  for (size_t i = 0; i < filled.masks.size(); ++i) {
    if (filled.masks.size() > 1) text += fmt::format("  mask {}\n", i + 1);
    text += to_text(filled.masks[i]);
  }
  return text;
}

/// What is to be filled in: the texts of the call, or passages of the file that it names.
std::vector<bert::MaskedPassage> passages_of(const FillMaskCall& call, const bert::Tokenizer& tokenizer,
                                             int64_t positions) {
  std::vector<bert::MaskedPassage> passages;
  for (const std::string& text : call.texts) passages.push_back({text, {}});
  if (call.held_out.empty()) return passages;
  constexpr int64_t readable = 48;  // pieces, some three lines of a terminal
  passages = bert::masked_passages(call.held_out, tokenizer, call.samples, std::min(readable, positions));
  if (passages.empty()) {
    fail<FormatError>(
        "{}: no document has, near its beginning, a word of letters that is one piece of the vocabulary and "
        "three more pieces beside it, so there is nothing to mask; give a text with {}",
        call.held_out.string(), bert::mask_token);
  }
  return passages;
}

/// "cat,dog" to "cat" and "dog".
std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    words.push_back(list.substr(begin, end - begin));
    if (words.back().empty()) fail<WrongCall>("--targets: '{}' has an empty word; write it as cat,dog", list);
    begin = end + 1;
  }
  return words;
}

void run(FillMaskCall& call, bool has_targets, bool has_top) {
  if (call.texts.empty() && call.held_out.empty()) {
    fail<WrongCall>("TEXT is missing; see gradus fill-mask --help");
  }
  const auto [tokenizer, model] = open_model("fill-mask", call.model);
  std::vector<bert::TokenId> targets;
  if (has_targets) targets = bert::target_pieces(words_of(call.targets), tokenizer);
  if (has_targets && !has_top) call.top = static_cast<int64_t>(targets.size());
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const bert::MaskedPassage& passage :
       passages_of(call, tokenizer, model.bert.config.max_position_embeddings)) {
    std::vector<bert::TokenId> answers;
    if (!call.held_out.empty()) answers.push_back(passage.answer);
    const bert::FilledText filled =
        bert::fill_mask(model, tokenizer, passage.text, call.top, call.pair, answers, targets);
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
  auto call = std::make_shared<FillMaskCall>();
  CLI::App* c =
      add_command(program, "fill-mask", "Fill in the [MASK]s of a text",
                  "gradus corpus toy --out toy --stories 2000\n"
                  "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model --vocab-size 400 "
                  "--steps 20 --evaluation-rows 64\n"
                  "gradus fill-mask model \"Tom went to the [MASK].\" --top 3\n"
                  "gradus fill-mask model \"[MASK] went to the [MASK].\" --targets tom,anna\n"
                  "gradus fill-mask model --held-out toy/held-out.txt");
  add_path(*c, "MODEL", call->model, "FOLDER", "A model folder, ours or Hugging Face's").required();
  const Option texts = add_texts(*c, "TEXT", call->texts, "", "A text with [MASK] where words are wanted");
  const Option pair = add_text(*c, "--pair", call->pair, "TEXT", "A second segment");
  const Option held_out =
      add_path(*c, "--held-out", call->held_out, "FILE",
               "In place of TEXT: the beginnings of documents of this text, the last word of each masked");
  held_out.excludes(texts).excludes(pair);
  add_whole(*c, "--samples", call->samples, "How many documents of --held-out").needs(held_out);
  const Option targets = add_text(*c, "--targets", call->targets, "WORD,...",
                                  "How probable these are, and no others; each must be one piece");
  const Option top =
      add_whole(*c, "--top", call->top, "Candidates for each mask; with --targets all of them");
  add_json(*c, call->json);
  on_call(*c, [call, targets, top] { run(*call, targets.is_given(), top.is_given()); });
}

}  // namespace gradus::app
