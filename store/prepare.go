package store

// Prepare does what a message costs before it can be stored (to parse, hash and compress it), so that it
// need not be done while others wait. For different messages it may run at the same time. It lets go of
// in.Raw, which then may be used for something else. AddRemote prepares what is not.
func (s *Store) Prepare(in *Incoming) error {
	c, err := s.columnsOf(in.Raw, in.Header, in.Size)
	if err != nil {
		return err
	}
	in.Raw, in.ready = nil, &c
	return nil
}

// PrepareBody is Prepare for a body whose header is here.
func (s *Store) PrepareBody(b *Body) error {
	c, err := s.columnsOf(notNil(b.Raw), nil, 0)
	if err != nil {
		return err
	}
	b.Raw, b.ready = nil, &c
	return nil
}
