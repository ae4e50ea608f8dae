package translate

type scratch struct{}
