package schema
import ("testing";"os";"fmt";"strings")
func TestShow(t *testing.T){ b:=os.Getenv("B"); ps:=Check(Source{Files:strings.Fields(os.Getenv("SHOW")),Binding:b}); for _,p:=range ps{fmt.Println(p)} }
