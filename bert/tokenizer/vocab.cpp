#include "bert/tokenizer/vocab.hpp"

#include <utility>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "bert/text/text_kind.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::bert {

Vocab::Vocab(std::vector<std::string> pieces, std::string name)
    : name_(std::move(name)), pieces_(std::move(pieces)) {
  ids_.reserve(pieces_.size());
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const std::string& piece = pieces_[i];
    if (piece.empty()) fail<FormatError>("{}: piece {} is empty", name_, i);
    if (piece.find_first_of("\r\n") != std::string::npos) {
      fail<FormatError>("{}: piece {} has a line break in it", name_, i);
    }
    const auto [known, is_new] = ids_.emplace(piece, static_cast<TokenId>(i));
    if (!is_new) {
      fail<FormatError>("{}: piece {} repeats piece {}, \"{}\"", name_, i, known->second, piece);
    }
  }
}

Vocab Vocab::load(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  const std::string name = path.string();
  refuse_other_kinds(content, name);
  check_utf8_file(content, name);

  std::vector<std::string> pieces;
  std::unordered_map<std::string_view, size_t> line_of;
  std::string_view rest = content;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  // Editors and scripts leave empty lines at the end, which number no piece.
  const size_t last = rest.find_last_not_of("\r\n");
  rest = rest.substr(0, last == std::string_view::npos ? 0 : last + 1);
  while (!rest.empty()) {
    const size_t newline = rest.find('\n');
    std::string_view piece = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    const size_t line = pieces.size() + 1;
    if (piece.empty()) fail<FormatError>("{}: line {} is empty; each line must hold a piece", name, line);
    if (piece.find('\r') != std::string_view::npos) {
      fail<FormatError>("{}: line {} has a carriage return inside its piece", name, line);
    }
    const auto [known, is_new] = line_of.emplace(piece, line);
    if (!is_new) {
      fail<FormatError>("{}: line {} repeats the piece of line {}, \"{}\"", name, line, known->second, piece);
    }
    pieces.emplace_back(piece);
  }
  if (pieces.empty()) fail<FormatError>("{}: the file is empty; a vocabulary has a piece a line", name);
  return Vocab(std::move(pieces), name);
}

void Vocab::save(const std::filesystem::path& path) const {
  std::string content;
  for (const std::string& piece : pieces_) {
    content += piece;
    content += '\n';
  }
  write_file_atomically(path, content);
}

std::optional<TokenId> Vocab::find(std::string_view piece) const {
  const auto found = ids_.find(piece);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

TokenId Vocab::id(std::string_view piece) const {
  const auto found = find(piece);
  if (!found) fail<IndexError>("{}: \"{}\" is not one of its {} pieces", name_, piece, size());
  return *found;
}

const std::string& Vocab::piece(TokenId id) const {
  if (id < 0 || id >= size()) {
    fail<IndexError>("{}: id {} is not in [0, {})", name_, id, size());
  }
  return pieces_[static_cast<size_t>(id)];
}

SpecialIds Vocab::special_ids() const {
  std::string missing;
  const auto look_up = [&](std::string_view token) -> TokenId {
    if (const auto found = find(token)) return *found;
    missing += missing.empty() ? "" : ", ";
    missing += token;
    return -1;
  };
  const SpecialIds ids{look_up(pad_token), look_up(unk_token), look_up(cls_token), look_up(sep_token),
                       look_up(mask_token)};
  if (!missing.empty()) {
    fail<FormatError>("{}: of the special tokens that BERT needs, {} {} missing", name_, missing,
                      missing.find(',') == std::string::npos ? "is" : "are");
  }
  return ids;
}

}  // namespace gradus::bert
