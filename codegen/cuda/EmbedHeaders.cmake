# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -DOUTPUT=FILE -DHEADERS=A.h;B.h -P EmbedHeaders.cmake: the headers as
# initialisers {"A.h", "text"}, for Nvrtc.cpp.
set(text "")
foreach(header IN LISTS HEADERS)
  get_filename_component(name ${header} NAME)
  file(READ ${header} content)
  string(APPEND text "{\"${name}\", R\"header(${content})header\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
