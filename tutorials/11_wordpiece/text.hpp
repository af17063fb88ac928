/// @file
/// Chapter 11's text in two languages: Genesis 1, verses 1 to 10, in the King James Version (1611/1769) and
/// in the Chinese Union Version (1919), and verse 14 of both as a text that no table was learnt from. Both
/// are in the public domain.
#pragma once

#include <string>

namespace gradus::tutorials::wordpiece {

inline const std::string english =
    "In the beginning God created the heaven and the earth. "
    "And the earth was without form, and void; and darkness was upon the face of the deep. "
    "And the Spirit of God moved upon the face of the waters. "
    "And God said, Let there be light: and there was light. "
    "And God saw the light, that it was good: and God divided the light from the darkness. "
    "And God called the light Day, and the darkness he called Night. "
    "And the evening and the morning were the first day. "
    "And God said, Let there be a firmament in the midst of the waters, "
    "and let it divide the waters from the waters. "
    "And God made the firmament, and divided the waters which were under the firmament "
    "from the waters which were above the firmament: and it was so. "
    "And God called the firmament Heaven. And the evening and the morning were the second day. "
    "And God said, Let the waters under the heaven be gathered together unto one place, "
    "and let the dry land appear: and it was so. "
    "And God called the dry land Earth; and the gathering together of the waters called he Seas: "
    "and God saw that it was good.";

inline const std::string chinese =
    "起初，神创造天地。"
    "地是空虚混沌，渊面黑暗；神的灵运行在水面上。"
    "神说：“要有光”，就有了光。"
    "神看光是好的，就把光暗分开了。"
    "神称光为“昼”，称暗为“夜”。有晚上，有早晨，这是头一日。"
    "神说：“诸水之间要有空气，将水分为上下。”"
    "神就造出空气，将空气以下的水、空气以上的水分开了。事就这样成了。"
    "神称空气为“天”。有晚上，有早晨，是第二日。"
    "神说：“天下的水要聚在一处，使旱地露出来。”事就这样成了。"
    "神称旱地为“地”，称水的聚处为“海”。神看着是好的。";

inline const std::string new_english =
    "And God said, Let there be lights in the firmament of the heaven to divide the day from the night.";
inline const std::string new_chinese = "神说：“天上要有光体，可以分昼夜。";

}  // namespace gradus::tutorials::wordpiece
