#include "autograd/lfs_pointer.hpp"

#include "autograd/error.hpp"

namespace gradus {

void refuse_lfs_pointer(std::string_view beginning, const std::string& name) {
  if (!beginning.starts_with("version https://git-lfs.github.com/spec/")) return;
  fail<FormatError>(
      "{}: is a git-lfs pointer, which stands for the file and is not it; fetch the file with git lfs pull, "
      "or download it again",
      name);
}

}  // namespace gradus
