package schema

// Target is a method with the service through which it was found.
type Target struct {
	Service *Service
	Method  *Method
}

// index fills the tables of the lookups.
func (s *Schema) index() {
	s.paths = map[string]Target{}
	s.thrift = map[string]map[string][]Target{}
	for _, svc := range s.Services {
		for _, m := range svc.Methods {
			t := Target{svc, m}
			if _, ok := s.paths["/"+svc.GRPC+"/"+m.GRPC]; !ok {
				s.paths["/"+svc.GRPC+"/"+m.GRPC] = t
			}
			if s.thrift[m.Thrift] == nil {
				s.thrift[m.Thrift] = map[string][]Target{}
			}
			s.thrift[m.Thrift][svc.Thrift] = append(s.thrift[m.Thrift][svc.Thrift], t)
		}
	}
}

// ByPath finds a method by its gRPC path, "/shop.v1.Orders/GetOrder".
func (s *Schema) ByPath(path string) (Target, bool) {
	t, ok := s.paths[path]
	return t, ok
}

// ByThrift finds a method by the names of the Thrift side. With service "" the method is looked for in all services;
// ambiguous is set where several Thrift services have it (or several of one name, from different files), and the
// target is then the first in the order of Services. Target.Method is nil where there is none.
func (s *Schema) ByThrift(service, method string) (t Target, ambiguous bool) {
	byService := s.thrift[method]
	if service != "" {
		list := byService[service]
		if len(list) == 0 {
			return Target{}, false
		}
		return list[0], len(list) > 1
	}
	found := 0
	for _, list := range byService {
		found += len(list)
	}
	if found == 0 {
		return Target{}, false
	}
	for _, svc := range s.Services {
		if list := byService[svc.Thrift]; len(list) > 0 {
			return list[0], found > 1
		}
	}
	return Target{}, false
}
