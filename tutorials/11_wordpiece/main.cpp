// Chapter 11: from text to ids. The stages, the greedy cut and the learning of a table by hand, the same as
// the library's; English and Chinese side by side.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bert/tokenizer/tokenizer.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "museum.hpp"
#include "plot/plot.hpp"
#include "text.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::wordpiece;

namespace {

std::string in_a_row(const std::vector<std::string>& pieces) {
  return fmt::format("{}", fmt::join(pieces, " "));
}

std::string in_a_row(const std::vector<Text>& words) {
  std::vector<std::string> out;
  for (const Text& word : words) out.push_back(utf8_of(word));
  return in_a_row(out);
}

std::string in_hex(const Text& text) {
  std::vector<std::string> out;
  for (const char32_t c : text) out.push_back(fmt::format("U+{:04X}", static_cast<uint32_t>(c)));
  return in_a_row(out);
}

/// The library's tokenizer, with a table of at most `size` pieces that it learns from the text.
bert::Tokenizer learnt_by_library(const std::string& text, size_t size) {
  bert::WordCounter counter;
  counter.add(text);
  bert::VocabTrainerOptions options;
  options.vocab_size = size;
  return bert::Tokenizer(bert::train_vocab(counter, options));
}

/// The small table that BERT's own tests use, and a few pieces more.
const PieceTable small = {"[UNK]", "un", "##aff", "##able", "aff", "able", "##a", "##b", "##l", "##e"};

void words_or_characters() {
  section("Words or characters");
  fmt::print("{:<13} {:>14} {:>12} {:>12}\n", "as words", "rows in table", "ids in text", "new unknown");
  for (const bool by_words : {true, false}) {
    if (!by_words) fmt::print("\nas characters\n");
    for (const auto& [name, text, fresh] :
         {std::tuple{"English", english, new_english}, {"Chinese", chinese, new_chinese}}) {
      std::map<std::string, int64_t> table;
      int64_t ids = 0, unknown = 0, all = 0;
      const auto each = [&](const std::string& of, const auto& use) {
        for (const Text& word : words_of(of)) {
          if (by_words) use(utf8_of(word));
          if (!by_words)
            for (const char32_t c : word) use(utf8_of({c}));
        }
      };
      each(text, [&](const std::string& unit) { ++table[unit], ++ids; });
      each(fresh, [&](const std::string& unit) { unknown += !table.contains(unit), ++all; });
      fmt::print("{:<13} {:>14} {:>12} {:>12}\n", name, table.size(), ids,
                 fmt::format("{} of {}", unknown, all));
    }
  }
}

void stages() {
  section("From text to words");
  const Text text = characters_of(" Crème\tBRÛLÉE in 東京, $5!");
  fmt::print("text            '{}'\n", utf8_of(text));
  fmt::print("cleaned         '{}'\n", utf8_of(cleaned(text)));
  fmt::print("set apart       '{}'\n", utf8_of(set_apart(cleaned(text))));
  const Text parts = decomposed(set_apart(cleaned(text)));
  fmt::print("decomposed      {} characters instead of {}\n", parts.size(), set_apart(cleaned(text)).size());
  fmt::print("without marks   '{}'\n", utf8_of(without_marks(parts)));
  fmt::print("in lower case   '{}'\n", utf8_of(in_lower_case(without_marks(parts))));
  const std::vector<Text> words = split(in_lower_case(without_marks(parts)));
  fmt::print("words           {}\n", fmt::format("{} ({})", in_a_row(words), words.size()));

  section("Two ways to write é");
  for (const char* name : {"\u00e9", "e\u0301"}) {
    const Text written = characters_of(name);
    fmt::print("{:<14} decomposed {:<14} without marks {}\n", in_hex(written), in_hex(decomposed(written)),
               in_hex(without_marks(decomposed(written))));
  }
  const std::string one = "caf\u00e9", two = "cafe\u0301";
  fmt::print("the same text to a computer: {}\n", one == two);
  fmt::print("the same words to us:        {}\n", words_of(one) == words_of(two));

  section("What folding costs");
  for (const auto& [what, name] : {std::pair{"French  ", "\u00e9"},
                                   {"Russian ", "\u0439"},
                                   {"Japanese", "\u304c"},
                                   {"Korean  ", "\ud55c"}}) {
    const Text written = characters_of(name);
    const Text folded = without_marks(decomposed(written));
    fmt::print("{} {} becomes {} = {}\n", what, in_hex(written), in_hex(folded), utf8_of(folded));
  }
}

void side_by_side() {
  section("English and Chinese");
  for (const auto& [name, text] :
       {std::pair{"English", "God called the light Day."}, {"Chinese", "神称光为“昼”。"}}) {
    for (const bool apart : {true, false}) {
      const std::vector<Text> words = words_of(text, {.set_apart = apart});
      fmt::print("{} {:<22} {:>2}: {}\n", name, apart ? "ideographs set apart" : "as it stands", words.size(),
                 in_a_row(words));
    }
  }
  const std::vector<Text> mixed = words_of("東京タワーへ");
  fmt::print("Japanese {:<21} {:>2}: {}\n", "ideographs set apart", mixed.size(), in_a_row(mixed));
}

void greedy() {
  section("Greedy, step by step");
  std::string tried;
  const Watch watch = [&](const std::string& piece, bool found) {
    if (found) fmt::print("{}{} is in the table\n", tried, piece), tried.clear();
    if (!found) tried += fmt::format("{}? ", piece);
  };
  const auto pieces = greedy_pieces(U"unaffable", small, {.watch = watch});
  fmt::print("\nunaffable -> {}\n", in_a_row(pieces));

  section("Greedy can miss");
  fmt::print("affable -> {}\n", in_a_row(greedy_pieces(U"affable", small)));
  fmt::print("unable  -> {}\n", in_a_row(greedy_pieces(U"unable", small)));
  fmt::print("unaffably -> {}\n", in_a_row(greedy_pieces(U"unaffably", small)));
  const PieceTable trap = {"[UNK]", "a", "ab", "##bc"};
  fmt::print("\nwith the pieces a, ab and ##bc:\nabc     -> {}\n", in_a_row(greedy_pieces(U"abc", trap)));
}

void first_merges() {
  section("The first merges");
  const Counts counts = {{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}};
  const std::vector<std::string> first = learn(counts, 0).table.pieces();
  const auto start = static_cast<int64_t>(first.size());
  fmt::print("5 signs, and {} characters:\n{}\n\n", start - 5,
             in_a_row(std::vector<std::string>(first.begin() + 5, first.end())));
  const Learnt learnt = learn(counts, start + 7);
  fmt::print("{:>5}  {:<8} {:<8} {}\n", "count", "left", "right", "new piece");
  for (const MergeStep& step : learnt.log) {
    fmt::print("{:>5}  {:<8} {:<8} {}\n", step.count, step.left, step.right, step.piece);
  }
  fmt::print("\n");
  for (const CutWord& word : learnt.words) fmt::print("{} x {}\n", word.count, in_a_row(word.pieces));
  fmt::print("\nnever seen: lowest -> {}\n", in_a_row(greedy_pieces(U"lowest", learnt.table)));
  fmt::print("never seen: wider  -> {}\n", in_a_row(greedy_pieces(U"wider", learnt.table)));
  fmt::print("never seen: slow   -> {}\n", in_a_row(greedy_pieces(U"slow", learnt.table)));

  // How "newest" grew: its characters on the left, each merge that it went through on the right of what it
  // joins.
  plot::Graph graph;
  graph.title = "How \"newest\" grew";
  CutWord word{characters_as_pieces("newest"), 6};
  std::vector<size_t> nodes;
  for (const std::string& piece : word.pieces) {
    nodes.push_back(graph.nodes.size());
    graph.nodes.push_back({.name = piece, .value = "", .gradient = ""});
  }
  for (const MergeStep& step : learnt.log) {
    for (size_t i = 0; i + 1 < word.pieces.size(); ++i) {
      if (word.pieces[i] != step.left || word.pieces[i + 1] != step.right) continue;
      graph.edges.push_back({nodes[i], graph.nodes.size(), ""});
      graph.edges.push_back({nodes[i + 1], graph.nodes.size(), ""});
      nodes[i] = graph.nodes.size();
      nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      graph.nodes.push_back(
          {.name = step.piece, .value = fmt::format("{} times", step.count), .gradient = ""});
      break;  // the word has no pair twice
    }
    merge_in(word, step.left, step.right);
  }
  graph.nodes.back().strong = true;
  save_figure("newest.svg", plot::draw(graph));
}

void two_languages() {
  section("Learning from both");
  for (const auto& [name, text] : {std::pair{"English", english}, {"Chinese", chinese}}) {
    const Learnt learnt = learn(counted(text), 200);
    const int64_t characters = learn(counted(text), 0).table.size() - 5;
    fmt::print("{}: 5 signs, {} of the alphabet, {} merges: {} pieces\n", name, characters, learnt.log.size(),
               learnt.table.size());
    for (size_t i = 0; i < learnt.log.size() && i < 12; ++i) {
      const MergeStep& step = learnt.log[i];
      fmt::print("  {:>3}  {} {} -> {}\n", step.count, step.left, step.right, step.piece);
    }
  }

  section("Pieces, side by side");
  const PieceTable of_english = learn(counted(english), 120).table;
  const PieceTable of_chinese = learn(counted(chinese), 120).table;
  fmt::print("{}\n{}\n\n", new_english, in_a_row(pieces_of(new_english, of_english)));
  fmt::print("{}\n{}\n", new_chinese, in_a_row(pieces_of(new_chinese, of_chinese)));

  section("The size of the table");
  fmt::print("{:>6} {:>13} {:>13}\n", "asked", "English ids", "Chinese ids");
  plot::Chart chart;
  chart.title = "Ids in ten verses, by the size of the table";
  chart.x_label = "pieces asked for";
  chart.whole_x = true;
  chart.width = 560;
  plot::ChartSeries in_english{.name = "English", .x = {}, .y = {}, .color = 1, .markers = true};
  plot::ChartSeries in_chinese{.name = "Chinese", .x = {}, .y = {}, .color = 2, .markers = true};
  const int64_t smallest_english = learn(counted(english), 0).table.size();
  const int64_t smallest_chinese = learn(counted(chinese), 0).table.size();
  for (const int64_t size : {0, 60, 80, 100, 120, 140, 160, 200}) {
    const PieceTable one = learn(counted(english), size).table, two = learn(counted(chinese), size).table;
    const size_t ids = pieces_of(english, one).size(), ideographs = pieces_of(chinese, two).size();
    fmt::print("{:>6} {:>13} {:>13}\n", size == 0 ? "least" : fmt::format("{}", size), ids, ideographs);
    // The alphabet is kept whole, so that a table is never smaller than its start.
    in_english.x.push_back(static_cast<double>(std::max(size, smallest_english)));
    in_english.y.push_back(static_cast<double>(ids));
    in_chinese.x.push_back(static_cast<double>(std::max(size, smallest_chinese)));
    in_chinese.y.push_back(static_cast<double>(ideographs));
  }
  chart.series = {in_english, in_chinese};
  save_figure("sizes.svg", plot::draw(chart));

  section("Too small a table");
  fmt::print("{:>6} {:>14} {:>14}\n", "pieces", "English [UNK]", "Chinese [UNK]");
  for (const size_t size : {60u, 80u, 100u, 120u}) {
    fmt::print("{:>6}", size);
    for (const std::string& text : {english, chinese}) {
      const auto all = learnt_by_library(text, size).tokenize(text);
      fmt::print(" {:>14}", fmt::format("{} of {}", std::count(all.begin(), all.end(), 1), all.size()));
    }
    fmt::print("\n");
  }
}

void ids() {
  section("Ids");
  const Learnt learnt = learn(counted(english), 120);
  const bert::Tokenizer tokenizer = learnt_by_library(english, 120);
  std::vector<std::string> pieces = pieces_of("The lights were divided.", learnt.table);
  pieces.insert(pieces.begin(), "[CLS]");
  pieces.push_back("[SEP]");
  fmt::print("pieces {}\n", in_a_row(pieces));
  fmt::print("ids    {}\n", ids_of(pieces, learnt.table));
  const bert::Encoding encoded = tokenizer.encode("The lights were divided.");
  fmt::print("places");
  for (const bert::CharSpan& span : encoded.offsets) fmt::print(" {}-{}", span.begin, span.end);
  fmt::print("\n\nbert::train_vocab learns the same table: {}\n",
             tokenizer.vocab().pieces() == learnt.table.pieces());
  fmt::print("bert::Tokenizer gives the same pieces:   {}\n", encoded.pieces == pieces);
}

void gradients() {
  section("Gradient check");
  const PieceTable table = learn(counted(english), 120).table;
  const Tensor text_ids = ids_of(pieces_of("Let there be light, and let there be lights.", table), table);
  Rng rng(1);
  const Tensor vectors = randn({table.size(), 3}, rng, DType::f64);
  check_gradient("rows of a table, by the table", [&](const auto& in) { return rows_of(in[0], text_ids); },
                 {vectors});
  const Tensor learning = vectors.clone().requires_grad();
  const Tensor rows = rows_of(learning, text_ids);
  sum(rows * rows).backward();
  const std::set<int64_t> moved = rows_that_move(learning.grad());
  const std::vector<int64_t> all = text_ids.to_vector<int64_t>();
  fmt::print("{} ids, {} different; rows with a gradient: {} of {}\n", all.size(),
             std::set<int64_t>(all.begin(), all.end()).size(), moved.size(), table.size());
}

void museum() {
  section("Museum: the forgotten ##");
  const PieceTable table = learn(counted(english), 120).table;
  for (const bool bug : {false, true}) {
    const CutOptions options{.forget_marks = bug};
    const auto pieces = pieces_of("lands", table, {}, options);
    fmt::print("{:<15} lands -> {:<12} back: {}\n", bug ? "without ##:" : "with ##:", in_a_row(pieces),
               in_a_row(words_from(pieces)));
    fmt::print("{:<15} words of the new verse that do not come back: {} of {}\n", "",
               words_lost(new_english, table, options), words_of(new_english).size());
  }

  section("Museum: no NFD");
  const PieceTable of_menu = learn(counted("creme brulee, a la carte; cafe creme"), 60).table;
  for (const bool bug : {false, true}) {
    const Stages stages{.decompose = !bug};
    const auto composed = pieces_of("cr\u00e8me br\u00fbl\u00e9e", of_menu, stages);
    const auto apart = pieces_of("cre\u0300me bru\u0302le\u0301e", of_menu, stages);
    fmt::print("{:<12} one character each: {}\n{:<12} letter and mark:    {}\n{:<12} the same: {}\n",
               bug ? "without NFD:" : "with NFD:", in_a_row(composed), "", in_a_row(apart), "",
               composed == apart);
  }

  section("Museum: the wrong case");
  for (const bool bug : {false, true}) {
    const auto pieces = pieces_of(english, table, {.lower_case = !bug});
    fmt::print("{:<26} [UNK] in the text that the table was learnt from: {} of {}\n",
               bug ? "capitals left as they are:" : "in lower case:", unknown_among(pieces), pieces.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    words_or_characters();
    stages();
    side_by_side();
    greedy();
    first_merges();
    two_languages();
    ids();
    gradients();
    museum();
  });
}
